/// The change stream, through Debezium's embedded engine. The only package that knows Debezium and Kafka
/// Connect.
@NullMarked
package dev.sluice.source.debezium;

import org.jspecify.annotations.NullMarked;
