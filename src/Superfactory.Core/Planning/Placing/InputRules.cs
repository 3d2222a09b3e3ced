using System.Collections.Immutable;
using Superfactory.Core.Reading;
using Superfactory.Model.Units;
using Superfactory.Model.Views;
using Superfactory.Scheduling;

namespace Superfactory.Core.Planning;

/// <summary>What islands read when they start, and which sites have it: what places are chosen by beside room.</summary>
internal static class InputRules
{
    /// <summary>What a job reads at each of its sites; what nobody has whole is not among it.</summary>
    public static ImmutableArray<JobInput> Of(FactoryState state, FactoryJob job) => ResumeRules.Of(state, job) is { IsUsable: true } from
        ? [new JobInput(ResumeRules.NameOf(job), from.Bytes, [.. from.Copies.Where(static copy => copy.Standing == CheckpointStanding.Whole).Select(static copy => copy.Site)])] : [];

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
