package dev.sluice.service.bench;

import java.util.List;
import org.bson.BsonReader;
import org.bson.BsonType;
import org.bson.types.Decimal128;

/// Rows of [Users], by hand.
final class UserRows extends RowCodec {
    private final Rows users = new Rows(
            "users",
            List.of(
                    "id",
                    "email",
                    "name",
                    "age",
                    "balance",
                    "active",
                    "signed_up_at",
                    "last_seen_at",
                    "street",
                    "city",
                    "postcode",
                    "country",
                    "latitude",
                    "longitude",
                    "tags",
                    "preferences",
                    "rest"),
            1);

    @Override
    List<Rows> tables() {
        return List.of(users);
    }

    @Override
    void read(BsonReader reader) {
        String id = "";
        String email = "";
        String name = "";
        int age = 0;
        Decimal128 balance = Decimal128.POSITIVE_ZERO;
        boolean active = true;
        long signedUpAt = 0;
        long lastSeenAt = 0;
        String street = "";
        String city = "";
        String postcode = "";
        String country = "";
        double latitude = 0;
        double longitude = 0;
        List<String> tags = List.of();
        int visits = 0;
        reader.readStartDocument();
        while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
            switch (reader.readName()) {
                case "_id" -> id = reader.readString();
                case "email" -> email = reader.readString();
                case "name" -> name = reader.readString();
                case "age" -> age = reader.readInt32();
                case "balance" -> balance = reader.readDecimal128();
                case "active" -> active = reader.readBoolean();
                case "signedUpAt" -> signedUpAt = reader.readDateTime();
                case "lastSeenAt" -> lastSeenAt = reader.readDateTime();
                case "tags" -> tags = strings(reader);
                case "visits" -> visits = reader.readInt32();
                case "address" -> {
                    reader.readStartDocument();
                    while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
                        switch (reader.readName()) {
                            case "street" -> street = reader.readString();
                            case "city" -> city = reader.readString();
                            case "postcode" -> postcode = reader.readString();
                            case "country" -> country = reader.readString();
                            case "geo.lat" -> latitude = reader.readDouble();
                            case "geo.lon" -> longitude = reader.readDouble();
                            default -> reader.skipValue();
                        }
                    }
                    reader.readEndDocument();
                }
                default -> reader.skipValue();
            }
        }
        reader.readEndDocument();
        BinaryCopy row = users.copy();
        row.row(users.columns().size());
        row.text(id);
        row.text(email);
        row.text(name);
        row.integer(age);
        row.amount(balance);
        row.bool(active);
        row.timestamptz(signedUpAt);
        row.timestamptz(lastSeenAt);
        row.text(street);
        row.text(city);
        row.text(postcode);
        row.text(country);
        row.float8(latitude);
        row.float8(longitude);
        row.textArray(tags);
        row.nothing();
        row.jsonb("{\"visits\": " + visits + "}");
    }
}
