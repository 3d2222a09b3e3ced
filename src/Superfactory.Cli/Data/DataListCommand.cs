using System.Collections.Immutable;
using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Display;
using Superfactory.Model.Units;
using Superfactory.Site.Data;

namespace Superfactory.Cli.Data;

/// <summary><c>superfactory data list</c>: lists the corpora of this machine.</summary>
internal static class DataListCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var (state, data, json) = (Settings.State(), Settings.Data(), Settings.Json());
        var command = new Command("list", "List the corpora of this machine.") { data, state, json };
        command.SetAction(parsed => List(terminal, Directories.Data(parsed.GetValue(data), parsed.GetValue(state)), parsed.GetValue(json)));
        return command;
    }

    private static int List(Terminal terminal, string data, bool json)
    {
        // Names that begin with a dot are corpora in the making.
        var found = Directory.Exists(data)
            ? Directory.GetDirectories(data).Where(static path => !Path.GetFileName(path).StartsWith('.')).Order(StringComparer.Ordinal).Select(CorpusIndex.Load).ToArray()
            : [];
        var good = found.Where(static corpus => corpus.Succeeded).Select(static corpus => corpus.Value!).ToArray();
        if (json)
        {
            terminal.Json(good);
        }
        else if (good.Length == 0)
        {
            terminal.Line($"There is no corpus in {data}. Prepare one with 'superfactory data prepare'.");
        }
        else
        {
            foreach (var line in Lines(good))
            {
                terminal.Line(line);
            }
        }

        foreach (var bad in found.Where(static corpus => !corpus.Succeeded))
        {
            terminal.Fail(bad.Problems, ExitCode.BadInput);
        }

        return ExitCode.Done;
    }

    private static ImmutableArray<string> Lines(IEnumerable<CorpusIndex> corpora) => Table.Lines(
        ["NAME", " DOCUMENTS", " TRAIN", " VALIDATION", "SOURCE", "SHA-256"],
        corpora.Select(static corpus => ImmutableArray.Create(
            corpus.Name,
            RunDisplayText.Number(corpus.Documents),
            ByteCount.Format(corpus.Train.Tokens),
            ByteCount.Format(corpus.Validation.Tokens),
            corpus.Source,
            corpus.Sha256[..16])));
}
