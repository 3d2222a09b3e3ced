using System.CommandLine;
using Superfactory.Cli.Api;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Copies;

namespace Superfactory.Cli.Copies;

/// <summary><c>superfactory copy SOURCE DESTINATION</c>, <c>copies</c> and <c>copies cancel ID</c>.</summary>
internal static class CopyCommands
{
    /// <summary>Makes <c>copy</c>.</summary>
    public static Command Copy(ControlOption control, Terminal terminal)
    {
        var source = new Argument<string>("SOURCE") { Description = "The file or directory, as SITE:PATH." };
        var destination = new Argument<string>("DESTINATION") { Description = "Where to, as SITE:PATH; with '/' at its end the directory to put it into." };
        var detach = Settings.Switch("--detach", "Do not wait for the end.");
        var json = Settings.Json();
        var command = new Command("copy", "Copy a file or directory from one site to another.") { source, destination, detach, json };
        command.SetAction((parsed, cancellation) =>
        {
            var (from, to) = (CopyPlace.Parse(parsed.GetRequiredValue(source), "source"), CopyPlace.Parse(parsed.GetRequiredValue(destination), "destination"));
            if (!from.Succeeded || !to.Succeeded)
            {
                return Task.FromResult(terminal.Fail(from.Problems.AddRange(to.Problems), ExitCode.BadInput));
            }

            var request = new CopyRequest(from.Value, to.Value);
            return control.WithClientAsync(parsed, terminal, client => CopyAsync(terminal, client, request, parsed.GetValue(detach), parsed.GetValue(json), cancellation));
        });
        return command;
    }

    /// <summary>Makes <c>copies</c> with <c>cancel</c> below it.</summary>
    public static Command Copies(ControlOption control, Terminal terminal)
    {
        var json = Settings.Json();
        var command = new Command("copies", "List the copies between sites.") { json, Cancel(control, terminal) };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await client.CopiesAsync(cancellation), parsed.GetValue(json), static copies => CopyText.List(copies))));
        return command;
    }

    private static Command Cancel(ControlOption control, Terminal terminal)
    {
        var id = Settings.Number("ID", "The copy's number, as 'superfactory copies' lists it.", "a copy", "superfactory copies");
        var command = new Command("cancel", "End a copy before it is done; what has arrived is kept.") { id };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
        {
            var answer = await client.CancelCopyAsync(parsed.GetValue(id), cancellation);
            if (!answer.Succeeded)
            {
                return terminal.Fail(answer.Problems, answer.ExitCode);
            }

            terminal.Line($"Copy {parsed.GetValue(id)} is cancelled.");
            return ExitCode.Done;
        }));
        return command;
    }

    private static async Task<int> CopyAsync(Terminal terminal, ControlClient client, CopyRequest request, bool detach, bool json, CancellationToken cancellation)
    {
        var asked = await client.CopyAsync(request, cancellation);
        if (!asked.Succeeded || detach)
        {
            return terminal.Show(asked, json, static copy => [$"Copy {copy.Id} is under way. Look at it with 'superfactory copies'."]);
        }

        if (!json)
        {
            terminal.Line($"Copy {asked.Value.Id}: {request.Source} → {request.Destination}. Ctrl-C ends the watching, not the copy.");
        }

        var ended = await CopyFollower.FollowAsync(json ? terminal.Silenced() : terminal, client, asked.Value, cancellation);
        if (!ended.Succeeded)
        {
            return terminal.Fail(ended.Problems, ended.ExitCode);
        }

        if (json)
        {
            terminal.Json(ended.Value);
        }
        else if (terminal.IsInteractive && ended.Value.State == CopyState.Completed)
        {
            terminal.Line(CopyText.Result(ended.Value));
        }

        return ended.Value.State == CopyState.Completed
            ? ExitCode.Done
            : terminal.Fail($"Copy {ended.Value.Id} {(ended.Value.State == CopyState.Failed ? "failed" : "was cancelled")}: {ended.Value.Reason}", ExitCode.JobFailed);
    }
}
