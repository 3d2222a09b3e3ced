using Superfactory.Simulation.Randomness;
using Superfactory.Simulation.Time;

namespace Superfactory.Simulation;

/// <summary>A hash over everything that happened in a schedule, in order and with its time; and, where somebody listens, what it was.</summary>
/// <param name="queue">Virtual time.</param>
/// <param name="listener">Takes a line for each thing that happens; null where nobody does.</param>
internal sealed class Trace(EventQueue queue, Action<string>? listener)
{
    private const int Lane = 1_000;

    /// <summary>The hash.</summary>
    public ulong Hash { get; private set; } = 1;

    /// <summary>Whether somebody listens.</summary>
    public bool IsHeard => listener is not null;

    /// <summary>Something happened.</summary>
    /// <param name="place">At which island, or lane of it (<see cref="PlaceOf"/>); -1 at the control plane.</param>
    /// <param name="what">Which kind of thing.</param>
    /// <param name="first">A number that belongs to it.</param>
    /// <param name="second">Another.</param>
    /// <param name="third">Another.</param>
    public void Add(int place, char what, long first = 0, long second = 0, long third = 0) =>
        Hash = SeededRandom.Hash(Hash, queue.Now, ((long)place << 32) | what, first, second, third);

    /// <summary>Where something happens in a lane of an island; in the first, or where there are none, at the island.</summary>
    public static int PlaceOf(int island, int lane) => island + (lane * Lane);

    /// <summary>Says in words what happened.</summary>
    public void Say(int place, string text) => listener?.Invoke(
        $"{queue.Now / 1_000,7}.{queue.Now % 1_000:D3} ms  {NameOf(place),-8} {text}");

    private static string NameOf(int place) => place < 0 ? "control" : place < Lane ? $"site-{place}" : $"site-{place % Lane}/{place / Lane}";
}
