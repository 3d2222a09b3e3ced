using Superfactory.Model.Agents;

namespace Superfactory.Simulation.Checks;

/// <summary>An epoch that another followed, in which a member that has not heard of that goes on with what came before.</summary>
/// <param name="epoch">The epoch.</param>
/// <param name="held">Rounds that each lane of each island held in it as the next was decided; null where it held nothing.</param>
/// <param name="kept">Rounds that the next one started with.</param>
internal sealed class FormerEpoch(RunEpoch epoch, long?[] held, long kept)
{
    /// <summary>The epoch.</summary>
    public RunEpoch Epoch { get; } = epoch;

    /// <summary>Rounds that each lane of each island holds or held in it; null where it held nothing.</summary>
    public long?[] Held { get; } = held;

    /// <summary>Its rounds that are part of every later epoch.</summary>
    public long Kept { get; set; } = kept;
}
