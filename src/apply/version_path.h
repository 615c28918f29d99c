/*
 * version_path.h - which version of the application a session is by the schema that it uses.
 */
#ifndef SF_VERSION_PATH_H
#define SF_VERSION_PATH_H

/*
 * The version of the first schema in the session's search_path that is one of a version; "": none is.  As the server
 * resolves the path, so that quoting and what stands before or behind does not matter.  Cheap: looked up again only
 * when the path, or what there is of versions, has changed.
 */
extern const char *sf_version_of_path(void);

#endif
