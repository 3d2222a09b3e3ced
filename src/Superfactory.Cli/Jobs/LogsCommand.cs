using System.CommandLine;
using System.Text.Json;
using Superfactory.Cli.Api;
using Superfactory.Cli.CommandLine;
using Superfactory.Model;

namespace Superfactory.Cli.Jobs;

/// <summary><c>superfactory logs ID</c>: what the processes of a job wrote.</summary>
internal static class LogsCommand
{
    /// <summary>How often the control plane is asked for more.</summary>
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Makes the command.</summary>
    public static Command Create(ControlOption control, Terminal terminal)
    {
        var (id, json) = (Settings.Job(), Settings.Switch("--json", "Write each line as JSON."));
        var follow = Settings.Switch("--follow", "Go on until the job has ended.");
        var command = new Command("logs", "Show what the processes of a job wrote.") { id, follow, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, client =>
            ShowAsync(terminal, client, parsed.GetValue(id), parsed.GetValue(follow), parsed.GetValue(json), cancellation)));
        return command;
    }

    private static async Task<int> ShowAsync(Terminal terminal, ControlClient client, long job, bool follow, bool json, CancellationToken cancellation)
    {
        var cursor = 0L;
        var heard = terminal.Time.GetTimestamp();
        while (true)
        {
            // Asked before the lines: whatever a job that has ended still wrote is then surely in them.
            var view = await client.JobAsync(job, cancellation);
            var page = view.Succeeded ? await client.LogsAsync(job, cursor, cancellation) : null;
            if (page is not { Succeeded: true } || !view.Succeeded)
            {
                var (problems, exitCode) = view.Succeeded ? (page!.Problems, page.ExitCode) : (view.Problems, view.ExitCode);
                if (!follow || exitCode != ExitCode.CannotReach || terminal.Time.GetElapsedTime(heard) > JobWatch.UnreachableLimit)
                {
                    return terminal.Fail(problems, exitCode);
                }

                await Task.Delay(_pause, terminal.Time, cancellation);
                continue;
            }

            heard = terminal.Time.GetTimestamp();
            foreach (var line in page.Value.Lines)
            {
                terminal.Line(json ? JsonSerializer.Serialize(line, FactoryJson.Options) : JobText.Log(line));
            }

            // A control plane that was started again counts anew.
            cursor = page.Value.Next < cursor ? 0 : page.Value.Next;
            if (page.Value.Lines.Length > 0)
            {
                continue;
            }

            if (!follow || JobWatch.HasEnded(view.Value.State))
            {
                return ExitCode.Done;
            }

            await Task.Delay(_pause, terminal.Time, cancellation);
        }
    }
}
