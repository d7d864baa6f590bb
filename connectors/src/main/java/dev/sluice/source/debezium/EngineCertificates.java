package dev.sluice.source.debezium;

import com.mongodb.MongoClientSettings;
import dev.sluice.source.mongo.MongoTls;
import io.debezium.config.Configuration;
import io.debezium.connector.mongodb.connection.DefaultMongoDbAuthProvider;
import java.util.Properties;

/// Gives the engine's clients the certificates of [MongoTls]. It hangs on Debezium's plug-in for
/// authentication, the only place that may touch the driver's settings. Made by the engine, by reflection.
public final class EngineCertificates extends DefaultMongoDbAuthProvider {
    private static final String CA_FILE = "sluice.tls.ca.file";
    private static final String CERTIFICATE_KEY_FILE = "sluice.tls.certificate.key.file";

    private MongoTls tls = new MongoTls(null, null);

    /// Tells an engine which certificates to use; nothing where there are none.
    static void pass(MongoTls tls, Properties engine) {
        if (tls.caFile() != null) {
            engine.setProperty(CA_FILE, tls.caFile());
        }
        if (tls.certificateKeyFile() != null) {
            engine.setProperty(CERTIFICATE_KEY_FILE, tls.certificateKeyFile());
        }
        if (tls.caFile() != null || tls.certificateKeyFile() != null) {
            engine.setProperty("mongodb.authentication.class", EngineCertificates.class.getName());
        }
    }

    @Override
    public void init(Configuration config) {
        super.init(config);
        tls = new MongoTls(config.getString(CA_FILE), config.getString(CERTIFICATE_KEY_FILE));
    }

    @Override
    public MongoClientSettings.Builder addAuthConfig(MongoClientSettings.Builder settings) {
        tls.apply(settings);
        return super.addAuthConfig(settings);
    }
}
