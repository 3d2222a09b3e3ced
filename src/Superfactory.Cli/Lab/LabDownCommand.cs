using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Lab.Running;

namespace Superfactory.Cli.Lab;

/// <summary><c>superfactory lab down</c>: takes a laboratory down.</summary>
internal static class LabDownCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var name = LabCommand.Name();
        var command = new Command("down", "Take a laboratory down; nothing of it stays, also when it had broken down.") { name };
        command.SetAction((parsed, cancellation) => LabCommand.WithAsync(parsed, name, terminal, laboratory => RunAsync(terminal, laboratory)));
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, Laboratory laboratory)
    {
        if (!Laboratory.MayRun)
        {
            return terminal.Fail($"Laboratory '{laboratory.Name}' was set up by root, and so only root can take it down.", ExitCode.CannotReach, "Run it as root, such as with sudo.");
        }

        var (notices, problems) = await laboratory.DownAsync();
        var (more, wrong) = await Laboratory.RemoveLeftBehindAsync(laboratory.Name);
        problems = problems.AddRange(wrong);
        foreach (var notice in notices.AddRange(more).AddRange(Laboratory.LeftBehind(laboratory.Name)))
        {
            terminal.ErrorLine($"superfactory: {notice}");
        }

        if (!problems.IsEmpty)
        {
            return terminal.Fail(problems, ExitCode.CannotReach);
        }

        terminal.Line($"Laboratory '{laboratory.Name}' is down.");
        return ExitCode.Done;
    }
}
