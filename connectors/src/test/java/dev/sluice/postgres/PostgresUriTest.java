package dev.sluice.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.failure.FailureKind;
import dev.sluice.failure.SluiceException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

class PostgresUriTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgres://",
                "postgresql://",
                "postgresql+asyncpg://",
                "postgresql+psycopg://",
                "postgresql+psycopg2://",
                "jdbc:postgresql://"
            })
    void everyFormThatPeopleHaveMeansTheSame(String scheme) {
        PostgresUri uri = PostgresUri.parse(scheme + "ann:secret@db.example.org:5433/shop?sslmode=require");

        assertThat(uri.jdbcUrl()).isEqualTo("jdbc:postgresql://db.example.org:5433/shop");
        assertThat(uri.properties()).isEqualTo(Map.of("user", "ann", "password", "secret", "sslmode", "require"));
    }

    @Test
    void theJdbcFormMayHaveItsCredentialsInTheParametersAndAnyOfTheDrivers() {
        PostgresUri uri = PostgresUri.parse("jdbc:postgresql://db/shop?user=ann&password=s%26cret&loginTimeout=3");

        assertThat(uri.properties()).isEqualTo(Map.of("user", "ann", "password", "s&cret", "loginTimeout", "3"));
        assertThat(uri.jdbcUrl()).doesNotContain("s&cret", "s%26cret");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgresql://jo%40hn:a%2Bb+c@db.example:6432/my%20db?sslmode=require&connect_timeout=5",
                "postgresql://ann@[::1]:5433,other/shop?application_name=a%20b&options=-c%20x%3Dy",
                "postgresql://ann:@db/shop"
            })
    void asTextItMeansTheSame(String text) {
        PostgresUri uri = PostgresUri.parse(text);

        assertThat(PostgresUri.parse(uri.text())).isEqualTo(uri);
        assertThat(PostgresUri.parse(uri.withDatabase("b c").text()).database()).isEqualTo("b c");
    }

    @Test
    void whatIsWrongIsSaidOfTheSettingItComesFrom() {
        assertThatThrownBy(() -> PostgresUri.parse("mysql://u:secret@h/d", "THE_SETTING"))
                .hasMessageStartingWith("THE_SETTING: it is not of the form postgresql://")
                .hasMessageNotContaining("secret")
                .hasNoCause();
    }

    @Test
    void whatIsNotSaidIsWhatLibpqTakes() {
        PostgresUri uri = PostgresUri.parse("postgresql://");
        String user = System.getProperty("user.name");

        assertThat(uri.jdbcUrl()).isEqualTo("jdbc:postgresql://localhost/" + user);
        assertThat(uri.properties()).isEqualTo(Map.of("user", user));
        assertThat(PostgresUri.parse("postgresql://ann@db").database()).isEqualTo("ann");
    }

    @ParameterizedTest
    @CsvSource({
        "p%40ss%3Aw%2Ford%3F%23, p@ss:w/ord?#",
        "a+b, a+b",
        "a%2Bb, a+b",
        "100%25, 100%",
        "p@ss, p@ss",
        "a:b, a:b",
        "%C3%A9, é",
    })
    void passwordsArePercentDecoded(String written, String meant) {
        assertThat(PostgresUri.parse("postgresql://ann:" + written + "@db/shop").properties())
                .containsEntry("password", meant);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "postgresql://u@[::1]:5433/db jdbc:postgresql://[::1]:5433/db",
                "postgresql://u@[2001:db8::1]/db jdbc:postgresql://[2001:db8::1]/db",
                "postgresql://u@a:1,b:2,c/db jdbc:postgresql://a:1,b:2,c/db",
                "postgresql://u@[::1]:1,b:2/db jdbc:postgresql://[::1]:1,b:2/db",
                "postgresql:///db?host=a&port=7&user=u jdbc:postgresql://a:7/db",
                "postgresql:///db?host=a,b&port=7&user=u jdbc:postgresql://a:7,b:7/db",
                "postgresql:///db?host=a,b&port=7,8&user=u jdbc:postgresql://a:7,b:8/db",
                "postgresql:///db?host=::1&port=7&user=u jdbc:postgresql://[::1]:7/db",
                "postgresql:///db?hostaddr=2001:db8::1&user=u jdbc:postgresql://[2001:db8::1]/db",
                "postgresql://u@h/x?dbname=db jdbc:postgresql://h/db",
                "postgresql://u@h/My%20db jdbc:postgresql://h/My%20db"
            })
    void hostsPortsAndDatabases(String written, String jdbcUrl) {
        PostgresUri uri = PostgresUri.parse(written);

        assertThat(uri.jdbcUrl()).isEqualTo(jdbcUrl);
        assertThat(new Driver().acceptsURL(uri.jdbcUrl())).isTrue();
        assertThat(Driver.parseURL(uri.jdbcUrl(), null))
                .as("what the driver reads")
                .isNotNull();
    }

    @ParameterizedTest
    @CsvSource({
        "sslmode=verify-full, sslmode, verify-full",
        "sslrootcert=/ca.pem, sslrootcert, /ca.pem",
        "sslcert=/c.pem, sslcert, /c.pem",
        "sslkey=/k.pk8, sslkey, /k.pk8",
        "sslnegotiation=direct, sslNegotiation, direct",
        "connect_timeout=3, connectTimeout, 3",
        "application_name=shop, ApplicationName, shop",
        "options=-c%20search_path%3Dx, options, -c search_path=x",
        "channel_binding=require, channelBinding, require",
        "gssencmode=disable, gssEncMode, disable",
        "krbsrvname=pg, kerberosServerName, pg",
        "keepalives=0, tcpKeepAlive, false",
        "keepalives=1, tcpKeepAlive, true",
        "target_session_attrs=read-write, targetServerType, primary",
        "target_session_attrs=standby, targetServerType, secondary",
        "target_session_attrs=prefer-standby, targetServerType, preferSecondary",
        "target_session_attrs=any, targetServerType, any",
    })
    void theParametersOfLibpqBecomeTheDriversOwn(String parameter, String name, String value) {
        assertThat(PostgresUri.parse("postgresql://u@h/db?" + parameter).properties())
                .containsEntry(name, value);
        assertThat(PGProperty.forName(name)).as("what the driver knows").isNotNull();
    }

    @Test
    void parametersWithoutAMeaningHereAreLeftOut() {
        assertThat(PostgresUri.parse("postgresql://u@h/db?client_encoding=utf8&keepalives_idle=30&prepare_threshold=0")
                        .properties())
                .isEqualTo(Map.of("user", "u"));
    }

    @Test
    void anUnknownParameterIsRefusedByName() {
        assertRefused("postgresql://u:hush@h/db?sslmood=require")
                .hasMessageContaining("sslmood")
                .hasMessageNotContaining("require")
                .hasMessageNotContaining("hush");
    }

    @Test
    void aParameterThatTheDriverCannotHonourIsRefusedRatherThanLeftOut() {
        assertRefused("postgresql://u@h/db?require_auth=scram-sha-256").hasMessageContaining("require_auth");
    }

    @Test
    void asManyPortsAsHostsAreNeeded() {
        assertRefused("postgresql:///db?host=a,b,c&port=1,2").hasMessageContaining("3 hosts and 2 ports");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "hush",
                "localhost/hush",
                "mysql://ann:hush@db/shop",
                "postgresql:/ann:hush@db/shop",
                "host=db password=hush",
                "postgresql://ann:hu%zzsh@db/shop",
                "postgresql://ann:hush%@db/shop",
                "postgresql://ann:hush@db/shop#fragment",
                "postgresql://ann:hush@db:port/shop",
                "postgresql://ann:hush@db:99999/shop",
                "postgresql://ann:hush@/shop?host=/var/run/postgresql",
                "postgresql://ann:hush@%2Fvar%2Frun/shop",
            })
    void malformedTextIsRefusedWithoutRepeatingIt(String text) {
        assertRefused(text)
                .hasMessageStartingWith("POSTGRES_URI: ")
                .hasMessageNotContaining("hush")
                .hasMessageNotContaining("hu%zzsh")
                .hasNoCause();
    }

    @Test
    void nothingThatIsShownHoldsThePassword() {
        PostgresUri uri = PostgresUri.parse("postgresql://ann:hush@db/shop?sslpassword=hush&sslmode=require");

        assertThat(uri.toString()).isEqualTo("postgresql://ann@db/shop");
        assertThat(uri.withDatabase("other").toString()).isEqualTo("postgresql://ann@db/other");
        assertThat(uri.jdbcUrl()).doesNotContain("hush");
        assertThat(uri.withDatabase("other").properties()).containsEntry("password", "hush");
    }

    private static org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> assertRefused(String text) {
        return assertThatThrownBy(() -> PostgresUri.parse(text))
                .isInstanceOfSatisfying(
                        SluiceException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.BAD_SETTING));
    }
}
