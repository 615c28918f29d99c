# embed.awk - src/kinds/*.sql -> queries.h: a C string per file, and SF_QUERIES(X) that lists them.
#
# Comment lines go, except that "-- @major N-M" or "-- @major N-" (to the newest) keeps or drops the line after it
# by the server major that is compiled for (-v major=15).  A directive applies to one line; a wrong one stops the build.
# "-- @when CONDITION" makes sf_when_<name>: without it the query has no rows (kinds/kind.h).

function flush() {
	if (name == "")
		return
	if (pending) {
		print name ".sql: @major without a line after it" > "/dev/stderr"
		failed = 1
	}
	print "\t\"\";"
	print "static const char sf_when_" name "[] = \"" condition "\";\n"
	list = list " \\\n\tX(" name ")"
}

BEGIN {
	print "/* Made by embed.awk for server major " major "; do not edit. */"
	print "#ifndef SF_QUERIES_H\n#define SF_QUERIES_H\n"
}

FNR == 1 {
	flush()
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.sql$/, "", name)
	pending = 0
	condition = "true"
	print "static const char sf_sql_" name "[] ="
}

/^[ \t]*--[ \t]*@major/ {
	n = split($0, word, /[ \t]+@major[ \t]+/)
	range = (n == 2) ? word[2] : ""
	sub(/[ \t\r]+$/, "", range)
	if (range !~ /^[0-9]+-[0-9]*$/) {
		print FILENAME ":" FNR ": want -- @major N-M or -- @major N-" > "/dev/stderr"
		failed = 1
		exit 1
	}
	split(range, bound, "-")
	pending = 1
	keep = (major + 0 >= bound[1] + 0 && (bound[2] == "" || major + 0 <= bound[2] + 0))
	next
}

/^-- @when / {
	condition = $0
	sub(/^-- @when /, "", condition)
	if (condition ~ /["\\]/) {
		print FILENAME ":" FNR ": no quotation mark or backslash in @when" > "/dev/stderr"
		failed = 1
		exit 1
	}
	next
}

/^[ \t]*--/ || /^[ \t]*$/ { next }

{
	if (pending) {
		pending = 0
		if (!keep)
			next
	}
	line = $0
	gsub(/\\/, "&&", line)
	gsub(/"/, "\\\"", line)
	gsub(/\t/, "\\t", line)
	print "\t\"" line "\\n\""
}

END {
	if (failed)
		exit 1
	flush()
	if (failed)
		exit 1
	print "/* X(name) for each query, in name order; its text is sf_sql_<name>. */"
	print "#define SF_QUERIES(X)" list "\n"
	print "#endif"
}
