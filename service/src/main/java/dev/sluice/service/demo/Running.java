package dev.sluice.service.demo;

import dev.sluice.service.pipeline.Pipeline;
import dev.sluice.service.pipeline.PipelineState;
import java.util.concurrent.CompletableFuture;

/// A pipeline, and what it ended with.
record Running(Pipeline pipeline, CompletableFuture<PipelineState> ended) {}
