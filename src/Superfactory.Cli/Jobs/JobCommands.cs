using System.CommandLine;
using Superfactory.Cli.CommandLine;

namespace Superfactory.Cli.Jobs;

/// <summary><c>superfactory jobs</c>, <c>job ID</c> and <c>cancel ID</c>.</summary>
internal static class JobCommands
{
    /// <summary>Makes <c>jobs</c>.</summary>
    public static Command Jobs(ControlOption control, Terminal terminal)
    {
        var json = Settings.Json();
        var command = new Command("jobs", "List the jobs.") { json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await client.JobsAsync(cancellation), parsed.GetValue(json), static jobs => JobText.List(jobs))));
        return command;
    }

    /// <summary>Makes <c>job ID</c>.</summary>
    public static Command Job(ControlOption control, Terminal terminal)
    {
        var (id, json) = (Settings.Job(), Settings.Json());
        var command = new Command("job", "Show a job and its islands.") { id, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await client.JobAsync(parsed.GetValue(id), cancellation), parsed.GetValue(json), JobText.Details)));
        return command;
    }

    /// <summary>Makes <c>cancel ID</c>.</summary>
    public static Command Cancel(ControlOption control, Terminal terminal)
    {
        var (id, array) = (Settings.Job(), Settings.Array());
        var command = new Command("cancel", "Cancel a job and stop its processes.") { id, array };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
        {
            var answer = await client.CancelAsync(parsed.GetValue(id), parsed.GetValue(array), cancellation);
            if (!answer.Succeeded)
            {
                return terminal.Fail(answer.Problems, answer.ExitCode);
            }

            terminal.Line(parsed.GetValue(array) ? $"All elements of job {parsed.GetValue(id)}'s array that had not ended are being cancelled." : $"Job {parsed.GetValue(id)} is being cancelled.");
            return ExitCode.Done;
        }));
        return command;
    }
}
