using System.CommandLine;

namespace Superfactory.Cli.CommandLine;

/// <summary>The program from its arguments to its exit code.</summary>
internal static class CommandLineProgram
{
    /// <summary>How arguments are read: as they stand, no <c>@file</c> is opened, no <c>-abc</c> taken apart.</summary>
    private static readonly ParserConfiguration _reading = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <summary>Runs the command that the arguments name.</summary>
    public static async Task<int> RunAsync(string[] arguments, Terminal terminal, CancellationToken cancellation)
    {
        var parsed = CommandTree.Create(terminal).Parse(arguments, _reading);

        // Help and the version are asked for by options whose own action stands in the result; anything else must be free of errors.
        var isAside = parsed.Action is System.CommandLine.Help.HelpAction || parsed.Action is { ClearsParseErrors: true };
        if (!isAside && ParseFailure.Of(parsed) is { } problem)
        {
            return terminal.Fail([problem], ExitCode.BadInput);
        }

        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = terminal.Output,
                    Error = terminal.Error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                },
                cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            terminal.ErrorLine("superfactory: interrupted.");
            return ExitCode.Interrupted;
        }
#pragma warning disable CA1031 // The outermost frame: what reaches it is a fault of the program, which says so with all that is known.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            terminal.ErrorLine($"superfactory: this is a fault of Superfactory itself, please report it: {exception}");
            return ExitCode.Fault;
        }
    }
}
