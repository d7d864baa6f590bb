package dev.sluice.service.web;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.InvalidNullException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import io.micronaut.core.convert.exceptions.ConversionErrorException;
import io.micronaut.web.router.exceptions.UnsatisfiedBodyRouteException;
import io.micronaut.web.router.exceptions.UnsatisfiedRouteException;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What is wrong with what a caller sent, in a sentence for the caller: neither names of our classes or of the
/// parser's, nor the values that were sent.
final class BodyFault {
    private static final Pattern ONE_OF = Pattern.compile("\\[([a-z_, ]+)]");

    private BodyFault() {}

    /// @return empty where the failure is not about what was sent
    static Optional<String> of(@Nullable Throwable failure) {
        if (failure instanceof UnsatisfiedBodyRouteException) {
            return Optional.of("The body is missing: send a JSON object.");
        }
        if (failure instanceof UnsatisfiedRouteException missing) {
            return Optional.of(missing.getArgument().getName() + " is missing.");
        }
        JacksonException json = json(failure);
        if (json != null) {
            return Optional.of(said(json));
        }
        return failure instanceof ConversionErrorException query
                ? Optional.of(query.getArgument().getName() + " "
                        + wanted(query.getArgument().getType(), "") + ".")
                : Optional.empty();
    }

    private static @Nullable JacksonException json(@Nullable Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof JacksonException json) {
                return json;
            }
        }
        return null;
    }

    private static String said(JacksonException json) {
        if (!(json instanceof JsonMappingException mapping)) {
            return "The body is no JSON" + at(json.getLocation()) + ".";
        }
        String field = path(mapping);
        return switch (mapping) {
            case UnrecognizedPropertyException unknown ->
                field + " is not known here; known: " + known(unknown.getKnownPropertyIds()) + ".";
            case InvalidNullException none -> field + " must not be null.";
            case MismatchedInputException other
            when field.isEmpty() && String.valueOf(other.getOriginalMessage()).startsWith("Trailing token") ->
                "The body has something behind its JSON.";
            case MismatchedInputException other
            when other.getTargetType() == null || JsonNode.class.isAssignableFrom(other.getTargetType()) ->
                (field.isEmpty() ? "The body" : field) + " has the same name twice in an object.";
            case MismatchedInputException other ->
                (field.isEmpty() ? "The body" : field) + " "
                        + wanted(other.getTargetType(), String.valueOf(other.getOriginalMessage())) + ".";
            default ->
                mapping.getCause() instanceof InputCoercionException
                        ? field + " is too large a number."
                        : mapping.getCause() instanceof JacksonException inner
                                ? said(inner)
                                : "The body can't be understood" + (field.isEmpty() ? "." : " (field " + field + ").");
        };
    }

    private static String at(@Nullable JsonLocation place) {
        return place == null || place.getLineNr() < 1
                ? ""
                : String.format(Locale.ROOT, " (line %d, column %d)", place.getLineNr(), place.getColumnNr());
    }

    private static String known(@Nullable Collection<?> names) {
        return names == null
                ? "none"
                : new TreeSet<>(names.stream().map(String::valueOf).toList())
                        .stream().collect(Collectors.joining(", "));
    }

    /// `reads[0].key`.
    private static String path(JsonMappingException mapping) {
        StringBuilder path = new StringBuilder();
        for (JsonMappingException.Reference step : mapping.getPath()) {
            if (step.getFieldName() == null) {
                path.append('[').append(step.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
            }
        }
        return path.toString();
    }

    private static String wanted(Class<?> type, String message) {
        if (type == Integer.class || type == int.class || type == Long.class || type == long.class) {
            return "must be a whole number";
        }
        if (type == Double.class || type == double.class) {
            return "must be a number";
        }
        if (type == Boolean.class || type == boolean.class) {
            return "must be true or false";
        }
        if (type == String.class) {
            return "must be a string";
        }
        if (Collection.class.isAssignableFrom(type)) {
            return "must be an array";
        }
        if (type.isEnum()) {
            Matcher names = ONE_OF.matcher(message);
            return names.find() ? "must be one of " + names.group(1) : "can't be understood";
        }
        return "must be an object";
    }
}
