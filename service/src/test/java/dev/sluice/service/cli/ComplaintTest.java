package dev.sluice.service.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sluice.failure.WrongUseException;
import java.util.Optional;
import org.bson.types.ObjectId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ComplaintTest {
    @Test
    @DisplayName("what was asked for wrongly is wrong use")
    void wrongUse() {
        Complaint complaint = Complaint.of(new WrongUseException("There is no such change."), Optional.empty());

        assertThat(complaint.exitCode()).isEqualTo(SluiceCommand.WRONG_USE);
        assertThat(complaint.text()).startsWith("There is no such change.");
    }

    @Test
    @DisplayName("an argument that code inside an operation refuses is no wrong use of the command")
    void insideAnOperation() {
        Throwable ofTheDriver = catchThrowable(() -> new ObjectId("zz"));

        Complaint complaint = Complaint.of(ofTheDriver, Optional.empty());

        assertThat(ofTheDriver).isInstanceOf(IllegalArgumentException.class);
        assertThat(complaint.exitCode()).isEqualTo(SluiceCommand.COULD_NOT_RUN);
        assertThat(complaint.text())
                .startsWith("Something Sluice does not know went wrong.")
                .doesNotContain("--help");
    }
}
