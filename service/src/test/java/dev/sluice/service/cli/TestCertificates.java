package dev.sluice.service.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/// A private CA and what it signs, made by the JDK's own keytool, as PEM.
final class TestCertificates {
    private static final String PASSWORD = "changeit";

    private final Path folder;
    private final Path ca;

    /// @param certificate with its chain
    record Signed(String certificate, String key) {
        String both() {
            return certificate + key;
        }
    }

    TestCertificates(Path folder) {
        this.folder = folder;
        this.ca = folder.resolve("ca.p12");
        keytool(ca, "-genkeypair", "-alias", "k", "-keyalg", "EC", "-dname", "CN=A private CA", "-ext", "bc:c=ca:true");
    }

    /// The CA's certificate.
    String caCertificate() {
        return pem("CERTIFICATE", encoded(certificates(ca)[0]));
    }

    /// @param names as keytool writes them: `ip:127.0.0.1,dns:localhost`
    /// @param startDate as keytool writes it: `-10d`
    Signed sign(String names, String startDate, int days) {
        Path store = folder.resolve("k" + System.nanoTime() + ".p12");
        Path request = folder.resolve("request");
        Path signed = folder.resolve("signed");
        keytool(store, "-genkeypair", "-alias", "k", "-keyalg", "EC", "-dname", "CN=server");
        keytool(store, "-certreq", "-alias", "k", "-file", request.toString());
        keytool(
                ca,
                "-gencert",
                "-alias",
                "k",
                "-infile",
                request.toString(),
                "-outfile",
                signed.toString(),
                "-startdate",
                startDate,
                "-validity",
                Integer.toString(days),
                "-ext",
                "san=" + names,
                "-rfc");
        try {
            KeyStore keys = load(store);
            Key key = keys.getKey("k", PASSWORD.toCharArray());
            return new Signed(
                    Files.readString(signed, StandardCharsets.US_ASCII).replace("\r", ""),
                    pem("PRIVATE KEY", key.getEncoded()));
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void keytool(Path store, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(Arrays.asList(arguments));
        command.addAll(List.of("-keystore", store.toString(), "-storetype", "PKCS12", "-storepass", PASSWORD));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(said);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static KeyStore load(Path store) throws GeneralSecurityException, IOException {
        return KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
    }

    private static Certificate[] certificates(Path store) {
        try {
            return load(store).getCertificateChain("k");
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] encoded(Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String pem(String type, byte[] der) {
        return "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + type + "-----\n";
    }
}
