using System.Collections.Immutable;
using Superfactory.Core.Reading;
using Superfactory.Model.Units;
using Superfactory.Model.Views;
using Superfactory.Scheduling;

namespace Superfactory.Core.Planning;

/// <summary>What islands read when they start, and which sites have it: what places are chosen by beside room.</summary>
internal static class InputRules
{
    /// <summary>What each island of a job reads at its site: the checkpoint that it goes on from, and its corpus. What nobody has whole is not among it.</summary>
    public static ImmutableArray<JobInput> Of(FactoryState state, FactoryJob job)
    {
        var from = ResumeRules.Of(state, job) is { IsUsable: true } checkpoint ? checkpoint : null;
        if (from is null && job.Specification.Data is null)
        {
            return [];
        }

        ImmutableArray<JobInput> read = from is null ? []
            : [new JobInput(ResumeRules.NameOf(job), from.Bytes, [.. from.Copies.Where(static copy => copy.Standing == CheckpointStanding.Whole).Select(static copy => copy.Site)])];
        return Corpus(state, job, from) is { } corpus ? read.Add(corpus) : read;
    }

    /// <summary>The corpus that a job names. Where other sites have another content by that name, it is that of the sites which have trained on it, else that of the most: islands that read different contents cannot train together.</summary>
    private static JobInput? Corpus(FactoryState state, FactoryJob job, FactoryCheckpoint? from)
    {
        if (job.Specification.Data?.Corpus is not { } name)
        {
            return null;
        }

        var there = state.Sites.Values.SelectMany(site => site.Corpora.Where(corpus => corpus.Name == name).Select(corpus => (site.Name, Corpus: corpus)));
        var content = there.GroupBy(static each => each.Corpus.Sha256, StringComparer.Ordinal).OrderByDescending(content => from is not null && content.Any(each => from.Islands.Contains(each.Name, StringComparer.Ordinal)))
            .ThenByDescending(static content => content.Count()).ThenBy(static content => content.Key, StringComparer.Ordinal).FirstOrDefault();
        return content is null ? null : new JobInput($"corpus {name}", content.First().Corpus.Bytes, [.. content.Select(static each => each.Name)]);
    }

    /// <summary>As people see it from the sites at which a job starts, as far as they are known; nothing of one that runs or has ended.</summary>
    public static ImmutableArray<InputView> Views(FactoryState state, FactoryJob job, ImmutableArray<string> sites) => job.End is not null || !job.Islands.IsEmpty ? []
        : [.. Of(state, job).Select(input => new InputView(input.Name, input.Bytes, input.Sites, [.. sites.Except(input.Sites, StringComparer.Ordinal)]))];

    /// <summary>Where it lies and where it has to be copied to, seen from the sites that were chosen, as sentences that follow others; empty where there is nothing to read.</summary>
    public static string Said(FactoryState state, FactoryJob job, ImmutableArray<string> sites)
    {
        var said = string.Empty;
        foreach (var input in Of(state, job))
        {
            ImmutableArray<string> there = [.. sites.Where(site => input.Sites.Contains(site, StringComparer.Ordinal))], lacking = [.. sites.Except(there, StringComparer.Ordinal)];
            var copied = lacking.IsEmpty ? string.Empty : $"; {(input.Bytes == 0 ? "it has" : $"{ByteCount.Format(input.Bytes)} have")} to be copied to {Sentence.List(lacking)}{(lacking.Length > 1 ? " each" : string.Empty)}";
            said += $" {Sentence.Capital(input.Name)} lies at {Sentence.List(there.IsEmpty ? input.Sites : there)}{copied}.";
        }

        return said;
    }
}
