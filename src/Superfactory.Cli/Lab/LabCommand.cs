using System.Collections.Immutable;
using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Lab.Running;

namespace Superfactory.Cli.Lab;

/// <summary><c>superfactory lab</c>: sites on one machine, joined by emulated fibre.</summary>
internal static class LabCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal) => new("lab", "Run the WAN laboratory: sites as network namespaces, joined by emulated fibre.")
    {
        LabUpCommand.Create(terminal),
        LabRunCommand.Create(terminal),
        LabLinkCommands.Cut(terminal),
        LabLinkCommands.Restore(terminal),
        LabLinkCommands.Set(terminal),
        LabStatusCommand.Create(terminal),
        LabDownCommand.Create(terminal),
    };

    /// <summary>The program that carries a laboratory's packets: this one again, with the hidden command.</summary>
    public static ImmutableArray<string> Fibre => [.. Factory.Self.Command(), FibreCommand.Name];

    /// <summary>Which laboratory a command is about.</summary>
    public static Option<string?> Name() => Settings.Text("--lab", "NAME", "Which laboratory. [default: the only one that is up]");

    /// <summary>Opens the laboratory that a command is about and does something with it.</summary>
    public static async Task<int> WithAsync(ParseResult parsed, Option<string?> name, Terminal terminal, Func<Laboratory, Task<int>> action)
    {
        var opened = Laboratory.Open(parsed.GetValue(name));
        if (!opened.Succeeded)
        {
            return terminal.Fail(opened.Problems, ExitCode.BadInput);
        }

        await using var laboratory = opened.Value;
        return await action(laboratory);
    }

    /// <summary>What exit code an order that failed has: the user's mistake, or a laboratory that has broken down or is not theirs.</summary>
    public static int FailureOf(Laboratory laboratory) => laboratory.IsCarrying && Laboratory.MayRun ? ExitCode.BadInput : ExitCode.CannotReach;
}
