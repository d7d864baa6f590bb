package dev.sluice.schema;

/// Where in a mapping file something was said, so that an error can point at it.
///
/// @param file the file as the user named it, or `catalog/<name>/mapping.yaml`
/// @param line from 1
/// @param path the YAML path, for example `collections.users.columns.age.type`
public record Where(String file, int line, String path) {
    @Override
    public String toString() {
        return file + ":" + line + ": " + path;
    }
}
