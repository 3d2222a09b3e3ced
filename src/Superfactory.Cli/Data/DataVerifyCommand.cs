using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Display;
using Superfactory.Model;
using Superfactory.Site.Data;

namespace Superfactory.Cli.Data;

/// <summary><c>superfactory data verify NAME</c>: compares a corpus's shards with the hashes in its index.</summary>
internal static class DataVerifyCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("NAME") { Description = "The corpus's name." };
        var (state, data, json) = (Settings.State(), Settings.Data(), Settings.Json());
        var command = new Command("verify", "Compare a corpus with its hashes.") { name, data, state, json };
        command.SetAction((parsed, cancellation) => Task.FromResult(
            Verify(terminal, Directories.Data(parsed.GetValue(data), parsed.GetValue(state)), parsed.GetRequiredValue(name), parsed.GetValue(json), cancellation)));
        return command;
    }

    private static int Verify(Terminal terminal, string data, string name, bool json, CancellationToken cancellation)
    {
        var verified = CorpusIndex.Verify(Path.Combine(data, name), cancellation);
        if (!verified.Succeeded)
        {
            return terminal.Fail(verified.Problems, ExitCode.BadInput);
        }

        var index = verified.Value;
        if (json)
        {
            terminal.Json(index);
            return ExitCode.Done;
        }

        var shards = index.Train.Shards.Length + index.Validation.Shards.Length;
        terminal.Line($"Corpus '{name}' is whole: {shards} shards, {RunDisplayText.Number(index.Train.Tokens + index.Validation.Tokens)} tokens, {index.Sha256}.");
        return ExitCode.Done;
    }
}
