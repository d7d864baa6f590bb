package dev.sluice.service.bench;

import java.util.List;
import org.bson.BsonReader;
import org.bson.BsonType;
import org.bson.types.Decimal128;

/// Rows of [Orders] and of their lines, by hand.
final class OrderRows extends RowCodec {
    private final Rows orders = new Rows(
            "orders",
            List.of("id", "user_id", "status", "placed_at", "total", "currency", "shipping", "coupon_codes", "rest"),
            1);
    private final Rows lines = new Rows(
            "order_lines", List.of("order_id", "ordinal", "sku", "title", "quantity", "unit_price", "attributes"), 2);

    @Override
    List<Rows> tables() {
        return List.of(orders, lines);
    }

    @Override
    void read(BsonReader reader) {
        long id = 0;
        String userId = "";
        String status = "";
        long placedAt = 0;
        Decimal128 total = Decimal128.POSITIVE_ZERO;
        String currency = "";
        String method = "";
        String tracking = "";
        List<String> couponCodes = List.of();
        reader.readStartDocument();
        while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
            switch (reader.readName()) {
                case "_id" -> id = reader.readInt64();
                case "userId" -> userId = reader.readString();
                case "status" -> status = reader.readString();
                case "placedAt" -> placedAt = reader.readDateTime();
                case "total" -> total = reader.readDecimal128();
                case "currency" -> currency = reader.readString();
                case "couponCodes" -> couponCodes = strings(reader);
                case "shipping" -> {
                    reader.readStartDocument();
                    method = reader.readString("method");
                    tracking = reader.readString("tracking");
                    reader.readEndDocument();
                }
                // The number comes before its lines in every document of the bench.
                case "lines" -> readLines(id, reader);
                default -> reader.skipValue();
            }
        }
        reader.readEndDocument();
        BinaryCopy row = orders.copy();
        row.row(orders.columns().size());
        row.bigint(id);
        row.text(userId);
        row.text(status);
        row.timestamptz(placedAt);
        row.amount(total);
        row.text(currency);
        row.jsonb("{\"method\": \"" + method + "\", \"tracking\": \"" + tracking + "\"}");
        row.textArray(couponCodes);
        row.jsonb("{}");
    }

    private void readLines(long order, BsonReader reader) {
        BinaryCopy row = lines.copy();
        int ordinal = 0;
        reader.readStartArray();
        while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
            reader.readStartDocument();
            row.row(lines.columns().size());
            row.bigint(order);
            row.integer(ordinal++);
            row.text(reader.readString("sku"));
            row.text(reader.readString("title"));
            row.integer(reader.readInt32("quantity"));
            row.amount(reader.readDecimal128("unitPrice"));
            reader.readName("attributes");
            reader.readStartDocument();
            row.jsonb("{\"colour\": \"" + reader.readString("colour") + "\"}");
            reader.readEndDocument();
            reader.readEndDocument();
        }
        reader.readEndArray();
    }
}
