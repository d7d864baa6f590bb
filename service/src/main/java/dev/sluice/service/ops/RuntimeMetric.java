package dev.sluice.service.ops;

import io.micrometer.core.instrument.Meter;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// What is exported of the process and its Java machine: what an operator looks at first. Micrometer brings some ninety
/// series more, which a node exporter or a Java profiler tells better.
public enum RuntimeMetric {
    MEMORY_USED("jvm.memory.used", "jvm_memory_used_bytes", "gauge", "Memory in use; `area` is `heap` or `nonheap`"),
    MEMORY_MAX(
            "jvm.memory.max", "jvm_memory_max_bytes", "gauge", "Memory that may be used; -1 where there is no limit"),
    DIRECT_MEMORY(
            "jvm.buffer.memory.used",
            "jvm_buffer_memory_used_bytes",
            "gauge",
            "Memory outside the heap that buffers of the network use"),
    GC_PAUSE(
            "jvm.gc.pause",
            "jvm_gc_pause_seconds",
            "summary",
            "How long the program stood still to collect garbage; there once it did"),
    THREADS("jvm.threads.live", "jvm_threads_live_threads", "gauge", "Threads now"),
    CPU(
            "process.cpu.usage",
            "process_cpu_usage",
            "gauge",
            "Share of the machine's processors that the process uses, 0 to 1"),
    STARTED("process.start.time", "process_start_time_seconds", "gauge", "When the process started"),
    FILES_OPEN("process.files.open", "process_files_open_files", "gauge", "Open files and connections"),
    FILES_MAX("process.files.max", "process_files_max_files", "gauge", "How many may be open"),
    LOG_LINES("logback.events", "logback_events_total", "counter", "Lines of the log; `level` is `warn` or `error`");

    private static final Map<String, RuntimeMetric> BY_METER = new TreeMap<>();

    static {
        for (RuntimeMetric metric : values()) {
            BY_METER.put(metric.meter, metric);
        }
    }

    private static final Set<String> LEVELS = Set.of("warn", "error");

    private final String meter;
    private final String prometheusName;
    private final String type;
    private final String explanation;

    RuntimeMetric(String meter, String prometheusName, String type, String explanation) {
        this.meter = meter;
        this.prometheusName = prometheusName;
        this.type = type;
        this.explanation = explanation;
    }

    /// As Prometheus has it.
    public String prometheusName() {
        return prometheusName;
    }

    /// Prometheus' word for its type.
    public String type() {
        return type;
    }

    /// What it is, as Markdown.
    public String explanation() {
        return explanation;
    }

    /// Whether a meter of the registry is exported: one of these or of [Metric].
    public static boolean exports(Meter.Id meter) {
        if (meter.getName().startsWith("sluice.")) {
            return true;
        }
        RuntimeMetric metric = BY_METER.get(meter.getName());
        return metric != null && (metric != LOG_LINES || LEVELS.contains(String.valueOf(meter.getTag("level"))));
    }

    /// The names of all, as Prometheus has them.
    public static List<String> names() {
        return BY_METER.values().stream().map(RuntimeMetric::prometheusName).toList();
    }
}
