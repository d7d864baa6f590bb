package dev.sluice.sandbox;

import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/// Servers in containers, where a Docker engine of this machine answers.
final class DockerEngine {

    private static final Duration START_BOUND = Duration.ofMinutes(1);
    private static final int STOP_BOUND_SECONDS = 25;
    private static final long POLL_MILLIS = 100;

    private DockerEngine() {}

    /// Whether a Docker engine of this very machine answers. An engine elsewhere doesn't count: its ports
    /// aren't on 127.0.0.1, under which a replica set has to know itself and be known.
    static boolean answers() {
        // Testcontainers logs errors with stack traces where there is no Docker, so it is asked only when a trace of
        // Docker can be seen.
        return visible()
                && DockerClientFactory.instance().isDockerAvailable()
                && List.of("localhost", "127.0.0.1")
                        .contains(DockerClientFactory.instance().dockerHostIpAddress());
    }

    private static boolean visible() {
        @Nullable String runtimeFolder = System.getenv("XDG_RUNTIME_DIR");
        Path home = Path.of(System.getProperty("user.home", "/"));
        return System.getenv("DOCKER_HOST") != null
                || Files.exists(home.resolve(".testcontainers.properties"))
                || Stream.of(
                                Path.of("/var/run/docker.sock"),
                                home.resolve(".docker/run/docker.sock"),
                                home.resolve(".docker/desktop/docker.sock"),
                                Path.of(runtimeFolder == null ? "/run" : runtimeFolder, "docker.sock"))
                        .anyMatch(Files::exists);
    }

    /// A server's program.
    ///
    /// @param image the image's name
    /// @param port that the server listens on inside
    /// @param command arguments for the image's program; empty for its defaults
    /// @param environment environment variables of the server
    record Program(String image, int port, List<String> command, Map<String, String> environment) {
        Program {
            command = List.copyOf(command);
            environment = Map.copyOf(environment);
        }
    }

    /// Starts a server in a container and returns when it is ready.
    ///
    /// @param hostPort the port of 127.0.0.1 under which it is to be reached, now and after a restart
    /// @param probe asked until it is true
    /// @throws SandboxException when it can't be started or doesn't become ready in time
    static Container start(Program program, int hostPort, Probe probe) {
        GenericContainer<?> container = new GenericContainer<>(DockerImageName.parse(program.image()))
                .withExposedPorts(program.port())
                .withEnv(program.environment())
                .withCreateContainerCmdModifier(create -> {
                    // A fixed port, since Docker picks another one at every start otherwise.
                    HostConfig host = create.getHostConfig() == null ? new HostConfig() : create.getHostConfig();
                    create.withHostConfig(host.withPortBindings(new PortBinding(
                            Ports.Binding.bindIpAndPort("127.0.0.1", hostPort), ExposedPort.tcp(program.port()))));
                });
        if (!program.command().isEmpty()) {
            container.withCommand(program.command().toArray(String[]::new));
        }
        Container started = new Container(program.image(), container, probe);
        try {
            container.start();
            started.awaitReady();
            return started;
        } catch (RuntimeException e) {
            started.close();
            throw e instanceof SandboxException
                    ? e
                    : new SandboxException("Docker can't start " + program.image() + ": " + e.getMessage(), e);
        }
    }

    /// One container. Testcontainers' own watchdog removes it when this JVM is gone.
    static final class Container implements Lifecycle {

        private final String image;
        private final GenericContainer<?> container;
        private final Probe probe;
        private boolean stopped;

        private Container(String image, GenericContainer<?> container, Probe probe) {
            this.image = image;
            this.container = container;
            this.probe = probe;
        }

        @Override
        public boolean restartable() {
            return true;
        }

        @Override
        public OptionalLong pid() {
            return OptionalLong.empty();
        }

        @Override
        public synchronized void stop() {
            if (stopped) {
                return;
            }
            // Not GenericContainer.stop(), which removes the container and the data with it.
            container
                    .getDockerClient()
                    .stopContainerCmd(container.getContainerId())
                    .withTimeout(STOP_BOUND_SECONDS)
                    .exec();
            stopped = true;
        }

        @Override
        public synchronized void startAgain() {
            if (!stopped) {
                return;
            }
            container
                    .getDockerClient()
                    .startContainerCmd(container.getContainerId())
                    .exec();
            stopped = false;
            awaitReady();
        }

        @Override
        public synchronized void close() {
            container.stop();
        }

        private void awaitReady() {
            long deadline = System.nanoTime() + START_BOUND.toNanos();
            @Nullable Exception lastAnswer = null;
            while (System.nanoTime() < deadline) {
                try {
                    try {
                        if (probe.ready()) {
                            return;
                        }
                    } catch (InterruptedException e) {
                        throw e;
                    } catch (Exception e) {
                        lastAnswer = e;
                    }
                    Thread.sleep(POLL_MILLIS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new SandboxException("Interrupted while waiting for " + image + " to start.", e);
                }
            }
            throw new SandboxException(
                    "The container of %s did not become ready within %d s. The end of its log:%n%s"
                            .formatted(image, START_BOUND.toSeconds(), Commands.lastLines(container.getLogs(), 15)),
                    lastAnswer);
        }
    }
}
