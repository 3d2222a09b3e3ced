using System.Collections.Immutable;

namespace Superfactory.Core.Planning;

/// <summary>
/// Places queued jobs in the order of their submission. A job that only waits for slots keeps its claim on them, so that no later
/// job overtakes it; one that waits for a site to connect claims nothing, so that the others need not stand idle.
/// </summary>
internal static class FifoPlacement
{
    /// <summary>The policy's name and version, as plans record it.</summary>
    public const string Version = "fifo/1";

    /// <summary>Whether a gang could be started at <paramref name="site"/> now.</summary>
    public static bool HasFreeSlot(FactoryState state, string site)
        => state.IsConnected(site) && state.JobsHoldingSlots(site).Count() < state.Sites[site].Slots;

    /// <summary>For each queued job in order: where it starts now, or what it waits for.</summary>
    public static ImmutableSortedDictionary<long, Placement> Plan(FactoryState state)
    {
        var queued = state.OpenJobs.Select(id => state.Jobs[id]).Where(job => job is { Islands.IsEmpty: true, CancelRequested: false, Held: false }).ToList();
        if (queued.Count == 0)
        {
            return ImmutableSortedDictionary<long, Placement>.Empty;
        }

        var ledger = new SlotLedger(state);
        var placements = ImmutableSortedDictionary.CreateBuilder<long, Placement>();
        foreach (var job in queued)
        {
            placements[job.Id] = job.Specification.Sites.IsDefaultOrEmpty
                ? PlaceAnywhere(ledger, job)
                : PlaceAtNamed(state, ledger, job);
        }

        return placements.ToImmutable();
    }

    private static Placement PlaceAtNamed(FactoryState state, SlotLedger ledger, FactoryJob job)
    {
        var sites = job.Specification.Sites;
        var away = sites.Where(site => !state.IsConnected(site)).ToImmutableArray();
        if (!away.IsEmpty)
        {
            return new Placement { Away = away };
        }

        var full = sites.Where(site => !ledger.HasFree(site)).ToImmutableArray();
        ledger.Take(sites, job.Id);
        return full.IsEmpty ? new Placement { Sites = sites } : new Placement { Full = full, Ahead = ledger.Ahead(full[0], job.Id) };
    }

    private static Placement PlaceAnywhere(SlotLedger ledger, FactoryJob job)
    {
        var wanted = job.Specification.SiteCount;
        var usable = ledger.Usable;
        if (usable.Length < wanted)
        {
            return new Placement { Wanted = wanted, Connected = usable };
        }

        var free = usable.Where(ledger.HasFree).Take(wanted).ToImmutableArray();
        if (free.Length == wanted)
        {
            ledger.Take(free, job.Id);
            return new Placement { Sites = free };
        }

        var full = usable.Where(site => !ledger.HasFree(site)).ToImmutableArray();
        ledger.Take(usable, job.Id);
        return new Placement { Full = full, Ahead = ledger.Ahead(full[0], job.Id) };
    }
}

/// <summary>Where a queued job starts, or what it waits for. Exactly one of the four is said.</summary>
internal sealed record Placement
{
    /// <summary>Where it starts, in the job's order; empty where it can't.</summary>
    public ImmutableArray<string> Sites { get; init; } = [];

    /// <summary>The named sites that are not connected.</summary>
    public ImmutableArray<string> Away { get; init; } = [];

    /// <summary>The sites that have no slot for it.</summary>
    public ImmutableArray<string> Full { get; init; } = [];

    /// <summary>The jobs that hold, or wait before it for, the slots of the first full site.</summary>
    public ImmutableArray<long> Ahead { get; init; } = [];

    /// <summary>How many sites it wants; 0 where it names them, or has enough.</summary>
    public int Wanted { get; init; }

    /// <summary>The connected sites that have slots, where it wants more than there are.</summary>
    public ImmutableArray<string> Connected { get; init; } = [];
}
