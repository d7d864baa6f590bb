package dev.sluice.service.flow;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The program around the data path: the pipeline runs it, `ops` answers users about it, and the command line and REST
/// are two ways to ask `ops`. Nothing points backwards.
@AnalyzeClasses(packages = "dev.sluice.service", importOptions = ImportOption.DoNotIncludeTests.class)
class ServiceFlowTest {
    private static final String CLI = "dev.sluice.service.cli..";
    private static final String WEB = "dev.sluice.service.web..";
    private static final String OPS = "dev.sluice.service.ops..";
    private static final String FINISH = "dev.sluice.service.finish..";
    private static final String PLAN = "dev.sluice.service.plan..";
    private static final String INFER = "dev.sluice.service.infer..";
    private static final String LIVE = "dev.sluice.service.live..";
    private static final String WATCH = "dev.sluice.service.watch..";
    private static final String DEMO = "dev.sluice.service.demo..";
    private static final String BENCH = "dev.sluice.service.bench..";

    @ArchTest
    static final ArchRule thePipelineKnowsNobodyWhoAsksAboutIt = noClasses()
            .that()
            .resideInAPackage("dev.sluice.service.pipeline..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(CLI, WEB, OPS, LIVE, WATCH, FINISH, PLAN, INFER, DEMO, BENCH);

    @ArchTest
    static final ArchRule operationsKnowNotHowTheyAreAskedFor = noClasses()
            .that()
            .resideInAnyPackage(OPS, LIVE, WATCH, FINISH, PLAN, INFER)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(CLI, WEB, DEMO, BENCH);

    @ArchTest
    static final ArchRule restKnowsNoCommand = noClasses()
            .that()
            .resideInAPackage(WEB)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(CLI, DEMO, BENCH, PLAN, INFER);

    /// So that most commands start without it.
    @ArchTest
    static final ArchRule onlyRestKnowsMicronaut = noClasses()
            .that()
            .resideOutsideOfPackages(WEB, "dev.sluice.service.config..", "dev.sluice.service")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.micronaut..", "jakarta.inject..");

    @ArchTest
    static final ArchRule noPackagesGoInCircles =
            slices().matching("dev.sluice.service.(*)..").should().beFreeOfCycles();
}
