package dev.sluice.mapping.value;

import dev.sluice.bson.TwinDocument;
import org.bson.BsonDocument;
import org.bson.BsonJavaScriptWithScope;
import org.bson.BsonValue;
import org.jspecify.annotations.Nullable;

/// Finds in a value what its JSON in a jsonb column has not, or has otherwise: what comes behind another value of its
/// name, and text that PostgreSQL can't hold. Any thread.
final class JsonMisfits {
    private JsonMisfits() {}

    /// @param path of the value, empty for the one that was written
    static void report(BsonValue value, String path, NestedMisfits nested) {
        switch (value.getBsonType()) {
            case DOCUMENT -> {
                if (value instanceof TwinDocument twins) {
                    twins.twins()
                            .forEach(twin -> nested.misfit(
                                    path + "." + DocumentPath.segment(twin), twin.value(), NestedMisfits.TWIN));
                }
                value.asDocument().forEach((name, field) -> {
                    String refusal = PgText.refusal(name);
                    String fieldPath = path + "." + DocumentPath.segment(PgText.escaped(name));
                    if (refusal != null) {
                        // With its name, and whole: the cleaned name may be another field's, which then hides
                        // this one.
                        nested.misfit(fieldPath, new BsonDocument(name, field), "the name of the field " + refusal);
                    } else {
                        report(field, fieldPath, nested);
                    }
                });
            }
            case ARRAY -> {
                int i = 0;
                for (BsonValue element : value.asArray()) {
                    report(element, path + "[" + i++ + "]", nested);
                }
            }
            case STRING -> report(value, path, PgText.refusal(value.asString().getValue()), nested);
            case SYMBOL -> report(value, path, PgText.refusal(value.asSymbol().getSymbol()), nested);
            case JAVASCRIPT ->
                report(value, path, PgText.refusal(value.asJavaScript().getCode()), nested);
            case JAVASCRIPT_WITH_SCOPE -> {
                BsonJavaScriptWithScope code = value.asJavaScriptWithScope();
                report(value, path, PgText.refusal(code.getCode()), nested);
                report(code.getScope(), path + ".$scope", nested);
            }
            case REGULAR_EXPRESSION -> {
                String pattern = PgText.refusal(value.asRegularExpression().getPattern());
                report(value, path, pattern, nested);
            }
            case DB_POINTER ->
                report(value, path, PgText.refusal(value.asDBPointer().getNamespace()), nested);
            default -> {}
        }
    }

    private static void report(BsonValue value, String path, @Nullable String refusal, NestedMisfits nested) {
        if (refusal != null) {
            nested.misfit(path, value, refusal);
        }
    }
}
