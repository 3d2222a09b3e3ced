using System.Collections.Immutable;

namespace Superfactory.Cli.Chaos;

/// <summary>A kind of fault.</summary>
internal enum ChaosKind
{
    /// <summary>A trainer gets SIGKILL; its supervisor starts it again.</summary>
    KillTrainer,

    /// <summary>A trainer gets SIGSTOP and later SIGCONT.</summary>
    PauseTrainer,

    /// <summary>A bridge gets SIGKILL; its site starts the island again.</summary>
    KillBridge,

    /// <summary>A bridge gets SIGSTOP and later SIGCONT.</summary>
    PauseBridge,

    /// <summary>A site's agent gets SIGKILL and is started again.</summary>
    KillAgent,

    /// <summary>A site's agent gets SIGSTOP and later SIGCONT.</summary>
    PauseAgent,

    /// <summary>The control plane gets SIGKILL and is started again.</summary>
    KillControl,

    /// <summary>The control plane gets SIGSTOP and later SIGCONT.</summary>
    PauseControl,

    /// <summary>The link between two sites is cut and later restored; only in the laboratory.</summary>
    CutLink,

    /// <summary>Every link of a site is cut, also that to the control plane, and later restored; only in the laboratory.</summary>
    CutSite,

    /// <summary>The link between two sites gets slow, long and lossy, and later what it was; only in the laboratory.</summary>
    DegradeLink,

    /// <summary>All processes of an island get SIGKILL at once: supervisor, bridge and trainer; only where it is asked for.</summary>
    KillIsland,

    /// <summary>All processes of an island get SIGSTOP and later SIGCONT; only where it is asked for.</summary>
    PauseIsland,
}

/// <summary>What is to happen, before it is known what runs then. Immutable.</summary>
/// <param name="At">When, from the beginning of the faults.</param>
/// <param name="Kind">What.</param>
/// <param name="Choice">Whom, modulo those there are.</param>
/// <param name="Length">Until it is undone.</param>
internal sealed record PlannedFault(TimeSpan At, ChaosKind Kind, int Choice, TimeSpan Length);

/// <summary>Draws the faults of a run from its seed. Pure.</summary>
internal static class ChaosPlan
{
    /// <summary>Milliseconds between two faults at least.</summary>
    public const int GapMin = 6_000;

    /// <summary>Milliseconds between two faults at most: eleven kinds, one after the other, fit into 2 minutes.</summary>
    public const int GapMax = 10_900;

    /// <summary>Milliseconds until a fault is undone at least: longer than a hiccup.</summary>
    private const int LengthMin = 1_000;

    /// <summary>Milliseconds until a fault is undone at most: longer than a lease of the control plane.</summary>
    private const int LengthMax = 8_000;

    /// <summary>The kinds that happen unless others are asked for: all that concern one part.</summary>
    public static ImmutableArray<ChaosKind> Usual { get; } =
        [.. Enum.GetValues<ChaosKind>().Where(static kind => kind is not (ChaosKind.KillIsland or ChaosKind.PauseIsland))];

    /// <summary>Those of them that happen where there is no laboratory.</summary>
    public static ImmutableArray<ChaosKind> WithoutLinks { get; } = [.. Usual.Where(static kind => !NeedsLaboratory(kind))];

    /// <summary>Whether a kind happens in the laboratory alone.</summary>
    public static bool NeedsLaboratory(ChaosKind kind) => kind is ChaosKind.CutLink or ChaosKind.CutSite or ChaosKind.DegradeLink;

    /// <summary>All faults within a time, in order: each kind once before any comes again.</summary>
    public static ImmutableArray<PlannedFault> Draw(long seed, TimeSpan duration, ImmutableArray<ChaosKind> kinds)
    {
        var random = new ChaosRandom((ulong)seed);
        var faults = ImmutableArray.CreateBuilder<PlannedFault>();
        var bag = new List<ChaosKind>();
        for (var at = random.Next(GapMin, GapMax); at < duration.TotalMilliseconds; at += random.Next(GapMin, GapMax))
        {
            if (bag.Count == 0)
            {
                bag.AddRange(kinds);
            }

            var taken = random.Next(0, bag.Count);
            faults.Add(new PlannedFault(
                TimeSpan.FromMilliseconds(at), bag[taken], random.Next(0, int.MaxValue), TimeSpan.FromMilliseconds(random.Next(LengthMin, LengthMax))));
            bag.RemoveAt(taken);
        }

        return faults.ToImmutable();
    }
}
