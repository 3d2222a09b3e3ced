using System.CommandLine;
using Superfactory.Cli.Api;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Checkpoints;

/// <summary><c>superfactory checkpoints JOB</c>, <c>restore</c>, <c>rollback</c>, <c>hold</c> and <c>release</c>.</summary>
internal static class CheckpointCommands
{
    /// <summary>How long verifying may take without anything new from the sites: a gigabyte a second or less is read there.</summary>
    private static readonly TimeSpan _verifyLimit = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Makes <c>checkpoints JOB</c>.</summary>
    public static Command List(ControlOption control, Terminal terminal)
    {
        var (id, verify, json) = (Settings.Job(), Settings.Switch("--verify", "Have every site compare every hash first."), Settings.Json());
        var command = new Command("checkpoints", "List a job's checkpoints and where their copies lie.") { id, verify, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
        {
            var answer = parsed.GetValue(verify)
                ? await VerifyAsync(client, terminal.Time, parsed.GetValue(id), cancellation)
                : await client.CheckpointsAsync(parsed.GetValue(id), cancellation);
            var shown = terminal.Show(answer, parsed.GetValue(json), list => CheckpointText.List(list, terminal.Time.GetUtcNow().ToUnixTimeMilliseconds()));
            return shown == ExitCode.Done && parsed.GetValue(verify) ? Judge(terminal, answer.Value!) : shown;
        }));
        return command;
    }

    /// <summary>Makes <c>restore JOB</c>.</summary>
    public static Command Restore(ControlOption control, Terminal terminal)
    {
        var (id, json) = (Settings.Job(), Settings.Json());
        var checkpoint = Settings.Whole("--checkpoint", "Which checkpoint. [default: the newest]", 1, long.MaxValue);
        var sites = Settings.Text("--sites", "SITES", "Names of sites with commas, or how many. [default: those of the job]");
        var command = new Command("restore", "Go on from a checkpoint in a new job, at the same or at other sites.") { id, checkpoint, sites, json };
        command.SetAction((parsed, cancellation) =>
        {
            var given = parsed.GetValue(sites);
            var count = int.TryParse(given, out var number) ? number : 0;
            var names = count != 0 || given is null ? [] : given.Split(',', StringSplitOptions.TrimEntries);
            if (count < 0 || names.Any(static name => !Model.FactoryName.IsValid(name)))
            {
                return Task.FromResult(terminal.Fail($"--sites: '{given}' is neither names of sites with commas, such as wisconsin,atlanta, nor how many.", ExitCode.BadInput));
            }

            var request = new RestoreRequest { Checkpoint = parsed.GetResult(checkpoint) is null ? null : parsed.GetValue(checkpoint), Sites = [.. names], SiteCount = count };
            return control.WithClientAsync(parsed, terminal, async client => terminal.Show(
                await client.RestoreAsync(parsed.GetValue(id), request, cancellation),
                parsed.GetValue(json),
                job => [$"Job {job.Id} goes on from {(request.Checkpoint is { } asked ? $"checkpoint {asked}" : "the newest checkpoint")} of job {parsed.GetValue(id)}. Follow it with 'superfactory logs {job.Id} --follow'."]));
        });
        return command;
    }

    /// <summary>Makes <c>rollback JOB</c>.</summary>
    public static Command Rollback(ControlOption control, Terminal terminal)
    {
        var (id, json) = (Settings.Job(), Settings.Json());
        var to = Settings.Whole("--to", "Which checkpoint; needed.", 1, long.MaxValue);
        to.Required = true;
        var command = new Command("rollback", "Take a job back to a checkpoint, model and ledger together.") { id, to, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client => terminal.Show(
            await client.RollBackAsync(parsed.GetValue(id), parsed.GetValue(to), cancellation), parsed.GetValue(json), job => [$"Job {job.Id} {RunText(job)}"])));
        return command;
    }

    /// <summary>Makes <c>hold JOB</c>.</summary>
    public static Command Hold(ControlOption control, Terminal terminal) => Simple(
        control, terminal, "hold", "Have a job save, its trainers' own state too, and stop.", static (client, id, array, cancellation) => client.HoldAsync(id, array, cancellation));

    /// <summary>Makes <c>reprioritize JOB</c>.</summary>
    public static Command Reprioritize(ControlOption control, Terminal terminal)
    {
        var (id, json) = (Settings.Job(), Settings.Json());
        var to = Settings.Whole("--to", "The new priority; needed.", 0, 1000);
        to.Required = true;
        var command = new Command("reprioritize", "Give a job another priority in its queue.") { id, to, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client => terminal.Show(
            await client.ReprioritizeAsync(parsed.GetValue(id), (int)parsed.GetValue(to), cancellation), parsed.GetValue(json), job => [$"Job {job.Id} {RunText(job)}"])));
        return command;
    }

    /// <summary>Makes <c>release JOB</c>.</summary>
    public static Command Release(ControlOption control, Terminal terminal) => Simple(
        control, terminal, "release", "Let a held job go on as if it had never stopped.", static (client, id, array, cancellation) => client.ReleaseAsync(id, array, cancellation));

    private static Command Simple(
        ControlOption control, Terminal terminal, string name, string description, Func<ControlClient, long, bool, CancellationToken, Task<Answer<JobView>>> action)
    {
        var (id, array, json) = (Settings.Job(), Settings.Array(), Settings.Json());
        var command = new Command(name, description) { id, array, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await action(client, parsed.GetValue(id), parsed.GetValue(array), cancellation), parsed.GetValue(json), job => [$"Job {job.Id} {RunText(job)}"])));
        return command;
    }

    private static string RunText(JobView job) => $"is {Display.RunDisplayText.StateName(job.State)}: {job.Reason}";

    private static async Task<Answer<CheckpointList>> VerifyAsync(ControlClient client, TimeProvider time, long job, CancellationToken cancellation)
    {
        var answer = await client.VerifyCheckpointsAsync(job, cancellation);
        if (!answer.Succeeded)
        {
            return answer;
        }

        var (asked, began) = (answer.Value.Verify, time.GetTimestamp());
        while (answer.Succeeded && IsWaiting(answer.Value, asked) && time.GetElapsedTime(began) < _verifyLimit)
        {
            await Task.Delay(_pause, time, cancellation);
            answer = await client.CheckpointsAsync(job, cancellation);
        }

        return answer;
    }

    private static bool IsWaiting(CheckpointList list, long asked) => list.Items.Any(checkpoint => checkpoint.Expired is null
        && checkpoint.Copies.Any(copy => copy is { Connected: true, Standing: not CheckpointStanding.Copying } && copy.Verified < asked));

    private static int Judge(Terminal terminal, CheckpointList list)
    {
        var wrong = list.Items.Where(checkpoint => checkpoint.Expired is null).SelectMany(checkpoint => checkpoint.Copies).Count(copy => copy.Standing == CheckpointStanding.Damaged);
        var unseen = list.Items.Where(checkpoint => checkpoint.Expired is null).SelectMany(checkpoint => checkpoint.Copies)
            .Count(copy => copy.Standing == CheckpointStanding.Whole && copy.Verified < list.Verify);
        return wrong > 0 ? terminal.Fail($"{wrong} {(wrong == 1 ? "copy is" : "copies are")} not what was sealed.", ExitCode.JobFailed)
            : unseen > 0 ? terminal.Fail($"{unseen} {(unseen == 1 ? "copy" : "copies")} could not be verified: the site is away or did not answer in time.", ExitCode.CannotReach)
            : ExitCode.Done;
    }
}
