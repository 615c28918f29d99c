-- The made part of docs/kinds.md, from what the library says of itself; see test/kinds.
WITH grouped AS (
	SELECT kind, keyword, renames, coalesce(how, '') AS how, string_agg(attribute, ', ' ORDER BY n) AS attributes
	FROM sf_kinds() WITH ORDINALITY AS k(kind, keyword, renames, attribute, how, n)
	WHERE how IS DISTINCT FROM 'ignored'
	GROUP BY 1, 2, 3, 4
), every AS (
	SELECT DISTINCT kind, keyword, renames FROM sf_kinds()
)
SELECT line FROM (
	SELECT 1 AS part, ''::text COLLATE "C" AS a, 0::bigint AS b, line
	FROM unnest(ARRAY['| kind | in SQL | new name | attributes, by how a difference is mended |', '|---|---|---|---|']) AS line
	UNION ALL
	SELECT 2, e.kind, 0, format('| %s | %s | %s | %s |', e.kind, coalesce(e.keyword, '(a clause)'), CASE WHEN e.renames THEN 'renamed' ELSE 'new' END,
		coalesce(string_agg(format('**%s** %s', nullif(g.how, ''), g.attributes), '; ' ORDER BY g.how COLLATE "C")
			FILTER (WHERE g.how <> ''), '(only there or not)'))
	FROM every e LEFT JOIN grouped g USING (kind)
	GROUP BY e.kind, e.keyword, e.renames
	UNION ALL
	SELECT 3, '', n, line
	FROM unnest(ARRAY['', '## Locks', '', '| kind | change | lock | rewrites | reads all | loses contents |', '|---|---|---|---|---|---|'])
		WITH ORDINALITY AS l(line, n)
	UNION ALL
	SELECT 4, '', n, format('| %s | %s | %s | %s | %s | %s |', kind, verb || coalesce(' ' || attribute, ''), coalesce(lower(lock), '-'),
		CASE WHEN rewrites THEN 'yes' ELSE '-' END, CASE WHEN scans THEN 'yes' ELSE '-' END,
		concat(CASE WHEN loses_data THEN 'yes' ELSE '-' END, CASE WHEN depends THEN ' *' END))
	FROM sf_risk_table() WITH ORDINALITY AS r(kind, verb, attribute, lock, partner_lock, rewrites, scans, loses_data, narrows, depends, why, n)
) AS page
ORDER BY part, a, b;
