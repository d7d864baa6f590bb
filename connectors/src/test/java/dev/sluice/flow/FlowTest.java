package dev.sluice.flow;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// The data path reads like the sentence: source -> change -> mapping -> sink. Nothing points backwards,
/// and what is of another library is known in one place.
@AnalyzeClasses(packages = "dev.sluice", importOptions = ImportOption.DoNotIncludeTests.class)
class FlowTest {
    private static final String SOURCE = "dev.sluice.source..";
    private static final String BSON = "dev.sluice.bson..";
    private static final String CHANGE = "dev.sluice.change..";
    private static final String MAPPING = "dev.sluice.mapping..";
    private static final String VALUE = "dev.sluice.mapping.value..";
    private static final String ROW = "dev.sluice.mapping.row..";
    private static final String DOCUMENT = "dev.sluice.mapping.document..";
    private static final String CONVERT = "dev.sluice.mapping.convert..";
    private static final String SINK = "dev.sluice.sink..";
    private static final String SCHEMA = "dev.sluice.schema..";
    private static final String PROFILE = "dev.sluice.profile..";
    private static final String POSITIONS = "dev.sluice.positions..";
    private static final String FAILURE = "dev.sluice.failure..";
    private static final String MEMORY = "dev.sluice.memory..";
    private static final String AUDIT = "dev.sluice.audit..";
    private static final String POSTGRES = "dev.sluice.postgres..";
    private static final String CONTROL = "dev.sluice.control..";
    private static final String SQL = "dev.sluice.sql..";
    private static final String WRITES = "dev.sluice.sink.postgres";
    private static final String CATALOG = WRITES + ".catalog..";
    private static final String TABLE = WRITES + ".table..";
    private static final String CHECK = WRITES + ".check..";
    private static final String STAGING = WRITES + ".staging..";
    private static final String REFERENCE = WRITES + ".reference..";

    @ArchTest
    static final ArchRule aChangeKnowsNothingOfWhereItComesFromOrGoesTo =
            noClasses().that().resideInAPackage(CHANGE).should().dependOnClassesThat(ofOursOutside(CHANGE, BSON));

    @ArchTest
    static final ArchRule theBytesOfDocumentsKnowNothingElseOfOurs =
            noClasses().that().resideInAPackage(BSON).should().dependOnClassesThat(ofOursOutside(BSON));

    @ArchTest
    static final ArchRule aSourceKnowsChangesAndNothingOfWhatBecomesOfThem = noClasses()
            .that()
            .resideInAPackage(SOURCE)
            .should()
            .dependOnClassesThat(ofOursOutside(SOURCE, CHANGE, BSON, FAILURE, MEMORY));

    @ArchTest
    static final ArchRule theMappingKnowsTheSchemaBytesAndWhatMemoryTheyTake = noClasses()
            .that()
            .resideInAPackage(MAPPING)
            .should()
            .dependOnClassesThat(ofOursOutside(MAPPING, SCHEMA, BSON, MEMORY));

    @ArchTest
    static final ArchRule aValueKnowsNothingOfMappingsOrOfWhatIsDoneToIt =
            noClasses().that().resideInAPackage(VALUE).should().dependOnClassesThat(ofOursOutside(VALUE, BSON, MEMORY));

    @ArchTest
    static final ArchRule aRowKnowsNotWhereItsValuesWereRead = noClasses()
            .that()
            .resideInAPackage(ROW)
            .should()
            .dependOnClassesThat(ofOursOutside(ROW, VALUE, SCHEMA, BSON, MEMORY));

    @ArchTest
    static final ArchRule aDocumentKnowsNotWhatIsMadeOfItsValues = noClasses()
            .that()
            .resideInAPackage(DOCUMENT)
            .should()
            .dependOnClassesThat(ofOursOutside(DOCUMENT, ROW, VALUE, SCHEMA, BSON, MEMORY));

    @ArchTest
    static final ArchRule aConversionKnowsNoTableAndNoKey = noClasses()
            .that()
            .resideInAPackage(CONVERT)
            .should()
            .dependOnClassesThat(ofOursOutside(CONVERT, DOCUMENT, ROW, VALUE, SCHEMA, BSON, MEMORY));

    /// A profile is made of documents alone, whoever read them, and a proposal is tried with the mapper of
    /// the data path.
    @ArchTest
    static final ArchRule aProfileKnowsDocumentsAndMappingsAndNeitherSide = noClasses()
            .that()
            .resideInAPackage(PROFILE)
            .should()
            .dependOnClassesThat(ofOursOutside(PROFILE, MAPPING, SCHEMA, BSON)
                    .or(resideInAnyPackage("com.mongodb..", "java.nio.file..", "java.net..")));

    @ArchTest
    static final ArchRule theSinkKnowsWhatItWritesAndNothingOfTheSourceOrOfThePipeline = noClasses()
            .that()
            .resideInAPackage(SINK)
            .should()
            .dependOnClassesThat(ofOursOutside(
                    SINK, POSITIONS, FAILURE, MEMORY, CHANGE, BSON, MAPPING, SCHEMA, POSTGRES, CONTROL, SQL));

    /// The rooms of the sink stand in a row: catalog, table, check, staging, reference, and last the
    /// writing itself.
    @ArchTest
    static final ArchRule theCatalogKnowsTheShapeOfTablesOnly = noClasses()
            .that()
            .resideInAPackage(CATALOG)
            .should()
            .dependOnClassesThat(ofOursOutside(CATALOG, "dev.sluice.sink", POSTGRES, FAILURE, MAPPING, SCHEMA, SQL));

    @ArchTest
    static final ArchRule theSqlOfATableKnowsTheCatalog = noClasses()
            .that()
            .resideInAPackage(TABLE)
            .should()
            .dependOnClassesThat(
                    ofOursOutside(TABLE, CATALOG, "dev.sluice.sink", "dev.sluice.sink.copy", CHANGE, MAPPING, SCHEMA));

    @ArchTest
    static final ArchRule whatTheTargetHasToBeIsAskedOfItsTablesAndNotOfDocuments = noClasses()
            .that()
            .resideInAPackage(CHECK)
            .should()
            .dependOnClassesThat(
                    ofOursOutside(CHECK, TABLE, CATALOG, "dev.sluice.sink", POSTGRES, FAILURE, MAPPING, SCHEMA));

    @ArchTest
    static final ArchRule stagedRowsKnowNeitherPositionsNorTheControlSchema = noClasses()
            .that()
            .resideInAPackage(STAGING)
            .should()
            .dependOnClassesThat(resideInAnyPackage(WRITES, REFERENCE, POSITIONS, CONTROL, AUDIT));

    @ArchTest
    static final ArchRule rowsThatDependOnOthersKnowStagedRows = noClasses()
            .that()
            .resideInAPackage(REFERENCE)
            .should()
            .dependOnClassesThat(
                    ofOursOutside(REFERENCE, STAGING, TABLE, CATALOG, CONTROL, "dev.sluice.sink", MAPPING, SCHEMA));

    @ArchTest
    static final ArchRule theControlSchemaKnowsNothingOfTheRowsOfTheTarget = noClasses()
            .that()
            .resideInAPackage(CONTROL)
            .should()
            .dependOnClassesThat(
                    ofOursOutside(CONTROL, POSITIONS, AUDIT, POSTGRES, "dev.sluice.sink", CHANGE, FAILURE, SCHEMA));

    @ArchTest
    static final ArchRule howStatementsAreSentKnowsNothingOfOurs =
            noClasses().that().resideInAPackage(SQL).should().dependOnClassesThat(ofOursOutside(SQL));

    @ArchTest
    static final ArchRule aConnectionKnowsNoTable = noClasses()
            .that()
            .resideInAPackage(POSTGRES)
            .should()
            .dependOnClassesThat(ofOursOutside(POSTGRES, POSITIONS, "dev.sluice.sink", FAILURE, SCHEMA));

    @ArchTest
    static final ArchRule positionsKnowChangesAndTheAudit = noClasses()
            .that()
            .resideInAPackage(POSITIONS)
            .should()
            .dependOnClassesThat(ofOursOutside(POSITIONS, CHANGE, FAILURE, "dev.sluice.audit..", SQL));

    @ArchTest
    static final ArchRule aFailureKnowsTheSchemaOnly =
            noClasses().that().resideInAPackage(FAILURE).should().dependOnClassesThat(ofOursOutside(FAILURE, SCHEMA));

    @ArchTest
    static final ArchRule whatEverySinkSharesKnowsNoPostgres = noClasses()
            .that()
            .resideInAPackage("dev.sluice.sink")
            .should()
            .dependOnClassesThat(resideInAPackage("dev.sluice.sink.postgres.."));

    @ArchTest
    static final ArchRule onlyItsOwnPackageKnowsDebeziumAndKafka = noClasses()
            .that()
            .resideOutsideOfPackage("dev.sluice.source.debezium..")
            .should()
            .dependOnClassesThat(resideInAnyPackage("io.debezium..", "org.apache.kafka.."));

    @ArchTest
    static final ArchRule onlyWhoWritesOrComparesRowsKnowsSql = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "dev.sluice.sink.postgres..",
                    POSTGRES,
                    SQL,
                    CONTROL,
                    "dev.sluice.audit..",
                    "dev.sluice.positions..",
                    "dev.sluice.pipeline..",
                    "dev.sluice.backfill..",
                    "dev.sluice.replay..",
                    "dev.sluice.evolution..",
                    "dev.sluice.verify..",
                    "dev.sluice.balance..",
                    "dev.sluice.after..",
                    "dev.sluice.gate..",
                    "dev.sluice.cutover..",
                    "dev.sluice.failure..",
                    "dev.sluice.sandbox..")
            .should()
            .dependOnClassesThat(resideInAnyPackage("java.sql..", "javax.sql..", "org.postgresql.."));

    @ArchTest
    static final ArchRule theDataPathKnowsNoFramework =
            noClasses().should().dependOnClassesThat(resideInAnyPackage("io.micronaut..", "jakarta.inject.."));

    @ArchTest
    static final ArchRule theSchemaKnowsNothingElseOfOurs =
            noClasses().that().resideInAPackage(SCHEMA).should().dependOnClassesThat(ofOursOutside(SCHEMA));

    @ArchTest
    static final ArchRule onlyTheProgramStartsSandboxes = classes()
            .that()
            .resideInAPackage("dev.sluice.sandbox..")
            .should()
            .onlyHaveDependentClassesThat()
            .resideInAPackage("dev.sluice.sandbox..");

    @ArchTest
    static final ArchRule noPackagesGoInCircles =
            slices().matching("dev.sluice.(**)").should().beFreeOfCycles();

    private static DescribedPredicate<JavaClass> ofOursOutside(String... packages) {
        return resideInAPackage("dev.sluice..").and(not(resideInAnyPackage(packages)));
    }
}
