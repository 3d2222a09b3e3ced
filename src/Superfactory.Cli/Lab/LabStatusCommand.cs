using System.CommandLine;
using System.Text.Json;
using Superfactory.Cli.CommandLine;
using Superfactory.Lab.Running;

namespace Superfactory.Cli.Lab;

/// <summary><c>superfactory lab status</c>: how links are and what they carry.</summary>
internal static class LabStatusCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var (name, json) = (LabCommand.Name(), Settings.Json());
        var command = new Command("status", "Show a laboratory's sites and links: bytes, rates, drops, queues.") { name, json };
        command.SetAction((parsed, cancellation) => LabCommand.WithAsync(parsed, name, terminal, async laboratory =>
        {
            var status = await laboratory.StatusAsync(cancellation);
            if (!status.Succeeded)
            {
                return terminal.Fail(status.Problems, LabCommand.FailureOf(laboratory));
            }

            if (parsed.GetValue(json))
            {
                terminal.Line(JsonSerializer.Serialize(status.Value, LabStatus.Json));
                return ExitCode.Done;
            }

            foreach (var line in LabText.Status(status.Value))
            {
                terminal.Line(line);
            }

            foreach (var line in Laboratory.LeftBehind(laboratory.Name))
            {
                terminal.ErrorLine($"superfactory: {line}");
            }

            return ExitCode.Done;
        }));
        return command;
    }
}
