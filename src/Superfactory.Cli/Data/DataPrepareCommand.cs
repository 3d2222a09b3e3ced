using System.Collections.Immutable;
using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Display;
using Superfactory.Model;
using Superfactory.Model.Units;
using Superfactory.Site.Data;

namespace Superfactory.Cli.Data;

/// <summary><c>superfactory data prepare</c>: makes a corpus.</summary>
internal static class DataPrepareCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var name = Settings.Text("--name", "NAME", $"The corpus's name. [default: {CorpusOptions.DotnetDocs}]");
        var from = Settings.Text("--from", "PATH", "A file or folder of UTF-8 text. [default: the documentation in the .NET SDK]");
        var extensions = Settings.Text("--extensions", "LIST", $"Endings of files that are taken from a folder, with commas. [default: {string.Join(',', CorpusOptions.DefaultExtensions)}]");
        var (state, data, json) = (Settings.State(), Settings.Data(), Settings.Json());
        var command = new Command("prepare", "Make a corpus from the .NET SDK's documentation or from text of your own.") { name, from, extensions, data, state, json };
        command.SetAction((parsed, cancellation) =>
        {
            if (parsed.GetValue(from) is not null && parsed.GetValue(name) is null)
            {
                return Task.FromResult(terminal.Fail($"--name is missing: '{CorpusOptions.DotnetDocs}' is the name of .NET's documentation.", ExitCode.BadInput, "Name your own corpus, such as '--name books'."));
            }

            var options = new CorpusOptions
            {
                Name = parsed.GetValue(name) ?? CorpusOptions.DotnetDocs,
                DataDirectory = Directories.Data(parsed.GetValue(data), parsed.GetValue(state)),
                From = parsed.GetValue(from),
                Extensions = Endings(parsed.GetValue(extensions)),
            };
            return Task.FromResult(Prepare(terminal, options, parsed.GetValue(json), cancellation));
        });
        return command;
    }

    private static int Prepare(Terminal terminal, CorpusOptions options, bool json, CancellationToken cancellation)
    {
        var began = terminal.Time.GetTimestamp();
        var progress = terminal.IsInteractive && !json ? new ProgressLine(terminal) : null;
        var made = CorpusBuilder.Build(options, progress, cancellation);
        progress?.Clear();
        if (!made.Succeeded)
        {
            return terminal.Fail(made.Problems, IsSetup(made.Problems) ? ExitCode.CannotReach : ExitCode.BadInput);
        }

        if (json)
        {
            terminal.Json(made.Value);
            return ExitCode.Done;
        }

        foreach (var line in Lines(made.Value))
        {
            terminal.Line(line);
        }

        terminal.Line($"Done in {terminal.Time.GetElapsedTime(began).TotalSeconds:0.0} s.");
        return ExitCode.Done;
    }

    /// <summary>What was made, as lines.</summary>
    internal static ImmutableArray<string> Lines(PreparedCorpus corpus)
    {
        var lines = ImmutableArray.CreateBuilder<string>();
        var index = corpus.Index;
        lines.Add($"Corpus '{index.Name}' from {index.Source}: {RunDisplayText.Number(index.Documents)} documents, "
            + $"{ByteCount.Format(index.Train.Tokens)} to train on, {ByteCount.Format(index.Validation.Tokens)} to validate with.");
        if (corpus.FilesSkipped > 0)
        {
            var examples = string.Join(", ", corpus.SkippedExamples) + (corpus.FilesSkipped > corpus.SkippedExamples.Length ? ", …" : string.Empty);
            lines.Add($"Left out {corpus.FilesSkipped} files that are empty or not UTF-8 text: {examples}");
        }

        if (corpus.FilesOfOtherEndings > 0)
        {
            lines.Add($"Left out {corpus.FilesOfOtherEndings} files by their names' endings; --extensions names others.");
        }

        lines.Add($"It is in {corpus.Directory}, identified by {index.Sha256}.");
        return lines.ToImmutable();
    }

    private static ImmutableArray<string> Endings(string? given) => given is null
        ? CorpusOptions.DefaultExtensions
        : [.. given.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(static ending => ending.StartsWith('.') ? ending : "." + ending)];

    /// <summary>What is missing on the machine rather than wrong in what the user gave.</summary>
    private static bool IsSetup(ImmutableArray<Problem> problems) => problems is [{ File: null, Field: null }];

    private sealed class ProgressLine(Terminal terminal) : IProgress<CorpusProgress>
    {
        public void Report(CorpusProgress value) =>
            terminal.Error.Write($"\r{value.FilesDone} of {value.FilesTotal} files, {RunDisplayText.Number(value.Documents)} documents, {ByteCount.Format(value.Tokens)}   ");

        public void Clear() => terminal.Error.Write("\r\e[K");
    }
}
