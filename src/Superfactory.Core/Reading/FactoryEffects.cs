using System.Collections.Immutable;

namespace Superfactory.Core;

/// <summary>What a step of the factory means outside: whom to give new instructions, and what people should be shown anew. Immutable.</summary>
public sealed record FactoryEffects
{
    /// <summary>The sites whose instructions changed, by name.</summary>
    public required ImmutableArray<string> Instructed { get; init; }

    /// <summary>The sites that changed, by name.</summary>
    public required ImmutableArray<string> Sites { get; init; }

    /// <summary>The jobs that changed, or whose reason may have, by number.</summary>
    public required ImmutableArray<long> Jobs { get; init; }

    /// <summary>Compares two states, the second of which came from the first.</summary>
    public static FactoryEffects Between(FactoryState before, FactoryState after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var sites = ImmutableArray.CreateBuilder<string>();
        var instructed = ImmutableArray.CreateBuilder<string>();
        var standings = !ReferenceEquals(before.Outages, after.Outages) || !ReferenceEquals(before.Fleet, after.Fleet);
        foreach (var (name, site) in after.Sites)
        {
            before.Sites.TryGetValue(name, out var old);
            if (ReferenceEquals(old, site))
            {
                continue;
            }

            standings |= old?.Standing != site.Standing || old.Slots != site.Slots;
            sites.Add(name);
            if (old?.InstructionsRevision != site.InstructionsRevision)
            {
                instructed.Add(name);
            }
        }

        // A site that comes or goes may change the reason of every open job; a job that changes may move the queue behind it.
        var jobs = before.OpenJobs.Union(after.OpenJobs).Union(before.StoppingJobs)
            .Where(id => standings
                || !before.Jobs.TryGetValue(id, out var old)
                || !ReferenceEquals(old, after.Jobs[id])
                || (old.Islands.IsEmpty && old.End is null));
        return new FactoryEffects { Instructed = instructed.DrainToImmutable(), Sites = sites.DrainToImmutable(), Jobs = [.. jobs] };
    }
}
