package dev.sluice.source.mongo;

import com.mongodb.MongoClientSettings;
import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/// The certificates of a connection to MongoDB, from PEM files. The files are named in the URI as in those
/// of other drivers, by `tlsCAFile` and `tlsCertificateKeyFile`, which the Java driver does not know.
///
/// @param caFile the CAs that are trusted, in place of Java's; null: Java's
/// @param certificateKeyFile our own certificate, with those that signed it, and its private key; null:
///     none
public record MongoTls(@Nullable String caFile, @Nullable String certificateKeyFile) {
    private static final String CA_FILE = "tlsCAFile";
    private static final String CERTIFICATE_KEY_FILE = "tlsCertificateKeyFile";
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");

    /// What the URI says of it.
    public static MongoTls of(String uri) {
        return new MongoTls(option(uri, CA_FILE), option(uri, CERTIFICATE_KEY_FILE));
    }

    /// A URI with a CA file, unless it names one itself.
    public static String withCaFile(String uri, String caFile) {
        return option(uri, CA_FILE) == null
                ? withOption(uri, CA_FILE + "=" + URLEncoder.encode(caFile, StandardCharsets.UTF_8))
                : uri;
    }

    /// A URI with one more option.
    static String withOption(String uri, String option) {
        if (uri.indexOf('?') >= 0) {
            return uri + (uri.endsWith("?") || uri.endsWith("&") ? "" : "&") + option;
        }
        boolean hasPath = uri.indexOf('/', uri.indexOf("://") + 3) >= 0;
        return uri + (hasPath ? "?" : "/?") + option;
    }

    /// The URI without the options that the Java driver does not know.
    public static String forDriver(String uri) {
        int query = uri.indexOf('?');
        if (query < 0) {
            return uri;
        }
        List<String> kept = new ArrayList<>();
        for (String pair : uri.substring(query + 1).split("&")) {
            String name = pair.split("=", 2)[0];
            if (!name.equalsIgnoreCase(CA_FILE) && !name.equalsIgnoreCase(CERTIFICATE_KEY_FILE)) {
                kept.add(pair);
            }
        }
        return uri.substring(0, query) + (kept.isEmpty() ? "" : "?" + String.join("&", kept));
    }

    private static @Nullable String option(String uri, String wanted) {
        int query = uri.indexOf('?');
        if (query >= 0) {
            for (String pair : uri.substring(query + 1).split("&")) {
                String[] parts = pair.split("=", 2);
                if (parts.length == 2 && parts[0].equalsIgnoreCase(wanted)) {
                    return URLDecoder.decode(parts[1].replace("+", "%2B"), StandardCharsets.UTF_8);
                }
            }
        }
        return null;
    }

    /// Gives a client these certificates. Whether it speaks TLS at all is for the URI to say (`tls=true`).
    ///
    /// @throws SluiceException of kind BAD_SETTING when a file can't be used
    public void apply(MongoClientSettings.Builder settings) {
        if (caFile != null || certificateKeyFile != null) {
            SSLContext context = context();
            settings.applyToSslSettings(ssl -> ssl.context(context));
        }
    }

    private SSLContext context() {
        try {
            KeyManager @Nullable [] keys = certificateKeyFile == null ? null : keys(certificateKeyFile);
            TrustManager @Nullable [] trusted = caFile == null ? null : trusted(caFile);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, trusted, null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("Java has no TLS", e);
        }
    }

    private static TrustManager[] trusted(String file) throws GeneralSecurityException, IOException {
        KeyStore store = emptyStore();
        int number = 0;
        for (Certificate ca : certificates(file)) {
            store.setCertificateEntry("ca-" + number++, ca);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyManager[] keys(String file) throws GeneralSecurityException, IOException {
        KeyStore store = emptyStore();
        char[] none = new char[0];
        store.setKeyEntry("own", privateKey(file), none, certificates(file).toArray(Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, none);
        return factory.getKeyManagers();
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static List<Certificate> certificates(String file) throws GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<Certificate> found = new ArrayList<>();
        for (byte[] der : blocks(file, "CERTIFICATE")) {
            try {
                found.add(factory.generateCertificate(new ByteArrayInputStream(der)));
            } catch (GeneralSecurityException broken) {
                throw bad(file, "holds a certificate that is broken");
            }
        }
        if (found.isEmpty()) {
            throw bad(file, "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
        }
        return found;
    }

    private static PrivateKey privateKey(String file) throws GeneralSecurityException {
        List<byte[]> keys = blocks(file, "PRIVATE KEY");
        if (keys.isEmpty()) {
            throw bad(
                    file,
                    "holds no private key in PEM without a password (-----BEGIN PRIVATE KEY-----); `openssl pkcs8 -topk8"
                            + " -nodes` makes one of other forms");
        }
        for (String algorithm : List.of("RSA", "EC", "Ed25519")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(keys.getFirst()));
            } catch (InvalidKeySpecException another) {
                // It is of the next kind, or of none.
            }
        }
        throw bad(file, "holds a private key that is neither RSA nor EC nor Ed25519");
    }

    private static List<byte[]> blocks(String file, String type) {
        List<byte[]> found = new ArrayList<>();
        Matcher block = BLOCK.matcher(read(file));
        while (block.find()) {
            if (block.group(1).equals(type)) {
                try {
                    found.add(Base64.getMimeDecoder().decode(block.group(2)));
                } catch (IllegalArgumentException malformed) {
                    throw bad(file, "is no PEM file");
                }
            }
        }
        return found;
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException | InvalidPathException missing) {
            throw bad(file, "is not there");
        } catch (IOException e) {
            throw bad(file, "can't be read (" + e.getClass().getSimpleName().toLowerCase(Locale.ROOT) + ")");
        }
    }

    private static SluiceException bad(String file, String what) {
        return new SluiceException(
                FailureKind.BAD_SETTING,
                "The certificate file " + file + ", named by SLUICE_CA_FILE or MONGO_URI, " + what + ".");
    }
}
