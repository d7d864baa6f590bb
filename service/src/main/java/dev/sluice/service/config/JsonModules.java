package dev.sluice.service.config;

import com.fasterxml.jackson.databind.Module;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.micronaut.context.annotation.Factory;
import jakarta.inject.Singleton;

/// What REST's JSON needs beside Jackson itself. Named, since Micronaut would take all modules on the class
/// path (`jackson.module-scan`), and Kafka Connect brings one that makes classes for each type at each start.
@Factory
final class JsonModules {
    @Singleton
    Module times() {
        return new JavaTimeModule();
    }

    @Singleton
    Module optionals() {
        return new Jdk8Module();
    }
}
