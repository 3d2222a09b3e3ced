using System.CommandLine;
using Superfactory.Cli.Api;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Display;
using Superfactory.Model;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Jobs;

/// <summary><c>superfactory submit JOB.yaml</c>: submits a job.</summary>
internal static class SubmitCommand
{
    /// <summary>The largest job file that is read, 1 MiB: far over anything that people write.</summary>
    private const long FileBytesMax = 1 << 20;

    /// <summary>Makes the command.</summary>
    public static Command Create(ControlOption control, Terminal terminal)
    {
        var file = new Argument<string>("JOB.yaml") { Description = "The job file, see docs/job.md." };
        var follow = Settings.Switch("--follow", "Go on until the job has ended, and end with its outcome.");
        var json = Settings.Json();
        var command = new Command("submit", "Submit a job.") { file, follow, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, client =>
            SubmitAsync(terminal, client, parsed.GetRequiredValue(file), parsed.GetValue(follow), parsed.GetValue(json), cancellation)));
        return command;
    }

    /// <summary>Reads and checks a job file; no control plane is needed for that.</summary>
    internal static Outcome<string> Read(string file)
    {
        string text;
        try
        {
            if (Directory.Exists(file))
            {
                return new Outcome<string>([new Problem("This is a directory. Expected a job file, as docs/job.md describes it.", file)]);
            }

            if (new FileInfo(file) is { Exists: true, Length: > FileBytesMax })
            {
                return new Outcome<string>([new Problem($"This file is larger than {FileBytesMax >> 20} MiB and no job file.", file)]);
            }

            text = File.ReadAllText(file);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Outcome<string>([new Problem("There is no such file.", file, Hint: Near(file))]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new Outcome<string>([new Problem($"This file cannot be read: {exception.Message}", file)]);
        }

        var parsed = JobFile.Parse(text, file);
        return parsed.Succeeded ? new Outcome<string>(text) : new Outcome<string>(parsed.Problems);
    }

    private static async Task<int> SubmitAsync(Terminal terminal, ControlClient client, string file, bool follow, bool json, CancellationToken cancellation)
    {
        var text = Read(file);
        if (!text.Succeeded)
        {
            return terminal.Fail(text.Problems, ExitCode.BadInput);
        }

        var submitted = await client.SubmitAsync(file, Path.GetDirectoryName(Path.GetFullPath(file)), text.Value, cancellation);
        if (!submitted.Succeeded)
        {
            return terminal.Fail(submitted.Problems, submitted.ExitCode);
        }

        var job = submitted.Value;
        if (!follow)
        {
            return terminal.Show(submitted, json, static view => view.Array is { } array
                ? [$"Jobs {array.First} to {array.First + array.Count - 1} ({view.Name}) are submitted. 'superfactory jobs' lists them, and 'superfactory cancel {array.First} --array' cancels all that have not ended."]
                : [$"Job {view.Id} ({view.Name}) is submitted. Follow it with 'superfactory logs {view.Id} --follow' or look at it with 'superfactory job {view.Id}'."]);
        }

        if (!json)
        {
            terminal.Line($"Job {job.Id} ({job.Name}) is submitted. Ctrl-C ends the watching, not the job.");
        }

        var ended = await RunFollower.FollowAsync(json ? terminal.Silenced() : terminal, client, job.Id, cancellation);
        if (!ended.Succeeded)
        {
            return terminal.Fail(ended.Problems, ended.ExitCode);
        }

        terminal.Show(ended, json, JobText.Details);
        return ended.Value.State == JobState.Completed ? ExitCode.Done : ExitCode.JobFailed;
    }

    private static string? Near(string file)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(file));
        return Directory.Exists(directory)
            ? NearMatch.Hint(Path.GetFileName(file), Directory.EnumerateFiles(directory, "*.y*ml").Select(static path => Path.GetFileName(path)))
            : null;
    }
}
