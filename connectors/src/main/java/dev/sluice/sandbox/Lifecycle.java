package dev.sluice.sandbox;

import java.util.OptionalLong;

/// How one running server is stopped and started again, whatever it runs in. Implementations are safe for
/// use by several threads.
sealed interface Lifecycle extends AutoCloseable permits GuardedProcess, DockerEngine.Container, Lifecycle.Given {

    /// Whether [#stop()] and [#startAgain()] work.
    boolean restartable();

    /// The process id of the server on this machine; empty when it is stopped or isn't a process of this
    /// machine.
    OptionalLong pid();

    /// Stops the server cleanly and returns when it is gone; its data and its port stay reserved for
    /// [#startAgain()]. Nothing happens when it is stopped already.
    ///
    /// @throws SandboxException when the server isn't ours to stop
    void stop();

    /// Starts the stopped server on the same port and data and returns when it answers. Nothing happens
    /// when it runs.
    ///
    /// @throws SandboxException when the server isn't ours to start, or doesn't answer in time
    void startAgain();

    /// Stops the server for good and removes its data. May be called more than once.
    @Override
    void close();

    /// A server that the user runs and names by its URI: it is used, and neither stopped nor changed.
    ///
    /// @param setting the name of the setting that holds the URI, for messages
    record Given(String setting) implements Lifecycle {

        @Override
        public boolean restartable() {
            return false;
        }

        @Override
        public OptionalLong pid() {
            return OptionalLong.empty();
        }

        @Override
        public void stop() {
            throw notOurs();
        }

        @Override
        public void startAgain() {
            throw notOurs();
        }

        @Override
        public void close() {
            // Not ours to stop.
        }

        private SandboxException notOurs() {
            return new SandboxException("The server named by " + setting
                    + " was not started by the sandbox, so the sandbox can't stop or restart it. Unset " + setting
                    + " to run on a server of the sandbox's own.");
        }
    }
}
