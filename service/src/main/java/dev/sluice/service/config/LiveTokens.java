package dev.sluice.service.config;

import dev.sluice.failure.SluiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The bearer tokens as they are now: those from a file are read again when the file has changed, so that a token is
/// replaced without a restart. The files are looked at once a second at most. A file that can't be read, or is empty,
/// changes nothing: the tokens that were known last hold. Any thread.
public final class LiveTokens {
    private static final Logger LOG = LoggerFactory.getLogger(LiveTokens.class);

    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    private final LongSupplier nanoTime;
    private final Watched operate;
    private final Watched read;
    private long lookAt;
    private volatile Tokens now;

    /// @param nanoTime as [System#nanoTime]
    public LiveTokens(Tokens begin, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.now = begin;
        this.operate = new Watched(Setting.SLUICE_API_TOKEN, begin.operateFile());
        this.read = new Watched(Setting.SLUICE_API_READ_TOKEN, begin.readFile());
        this.lookAt = nanoTime.getAsLong() + LOOK_EVERY.toNanos();
    }

    /// The tokens that hold now.
    public Tokens now() {
        if (now.operateFile() != null || now.readFile() != null) {
            look();
        }
        return now;
    }

    private synchronized void look() {
        if (nanoTime.getAsLong() - lookAt < 0) {
            return;
        }
        lookAt = nanoTime.getAsLong() + LOOK_EVERY.toNanos();
        Tokens before = now;
        List<String> operating = operate.changed(before.operate());
        List<String> reading = read.changed(before.read());
        now = new Tokens(operating, reading, before.operateFile(), before.readFile());
    }

    /// One file, and how it was when it was looked at last; null before that.
    private static final class Watched {
        private final Setting setting;
        private final @Nullable Path file;
        private @Nullable State seen;

        /// @param size bytes: of two changes within the clock's step the second one may be seen by it alone
        private record State(FileTime modified, long size) {}

        Watched(Setting setting, @Nullable Path file) {
            this.setting = setting;
            this.file = file;
        }

        private @Nullable State state() throws IOException {
            return file == null ? null : new State(Files.getLastModifiedTime(file), Files.size(file));
        }

        List<String> changed(List<String> before) {
            if (file == null) {
                return before;
            }
            try {
                State state = state();
                if (state == null || state.equals(seen)) {
                    return before;
                }
                seen = state;
                List<String> tokens = Tokens.split(Settings.contents(setting, file.toString()));
                if (tokens.isEmpty()) {
                    LOG.warn("The file of {} has no token now; those that were in it before hold on.", setting);
                    return before;
                }
                if (!tokens.equals(before)) {
                    LOG.info("The tokens of {} were read again: its file has changed.", setting);
                }
                return tokens;
            } catch (IOException | SluiceException e) {
                LOG.warn(
                        "The file of {} can't be read now; the tokens that were in it before hold on: {}",
                        setting,
                        e.getMessage());
                return before;
            }
        }
    }
}
