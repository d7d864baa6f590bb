package dev.sluice.sink.postgres.check;

import dev.sluice.schema.MigrationFolder.Script;
import java.io.Reader;
import java.io.StringReader;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.flywaydb.core.api.ResourceProvider;
import org.flywaydb.core.api.resource.LoadableResource;
import org.jspecify.annotations.Nullable;

/// Gives Flyway the scripts that make a mapping's tables.
final class TableScripts implements ResourceProvider {
    private final List<Resource> resources;

    TableScripts(List<Script> scripts) {
        this.resources = scripts.stream().map(Resource::new).toList();
    }

    /// The text of one of them.
    String text(String name) {
        return resources.stream()
                .filter(resource -> resource.getRelativePath().equals(name))
                .findFirst()
                .map(resource -> resource.script.sql())
                .orElseThrow(() -> new IllegalStateException("there is no migration " + name));
    }

    @Override
    public @Nullable LoadableResource getResource(String name) {
        return resources.stream()
                .filter(resource -> resource.getRelativePath().equals(name))
                .findFirst()
                .orElse(null);
    }

    @Override
    public Collection<LoadableResource> getResources(String prefix, String[] suffixes) {
        return resources.stream()
                .filter(resource -> resource.getFilename().startsWith(prefix)
                        && Arrays.stream(suffixes)
                                .anyMatch(suffix -> resource.getFilename().endsWith(suffix)))
                .<LoadableResource>map(resource -> resource)
                .toList();
    }

    private static final class Resource extends LoadableResource {
        private final Script script;

        Resource(Script script) {
            this.script = script;
        }

        @Override
        public Reader read() {
            return new StringReader(script.sql());
        }

        @Override
        public String getAbsolutePath() {
            return script.name();
        }

        @Override
        public String getAbsolutePathOnDisk() {
            return script.name();
        }

        @Override
        public String getFilename() {
            return script.fileName();
        }

        @Override
        public String getRelativePath() {
            return script.name();
        }
    }
}
