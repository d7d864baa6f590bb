package dev.sluice.service;

import dev.sluice.service.cli.SluiceCommand;

/// The program's entry: everything is a command.
public final class Application {
    private Application() {}

    public static void main(String[] arguments) {
        System.exit(SluiceCommand.execute(arguments));
    }
}
