using Superfactory.Model.Agents;
using Superfactory.Sync.Bridge;

namespace Superfactory.Sync.BridgePair;

/// <summary>A line that the program prints: where an island's bridge is, what happened to it, or how it ended.</summary>
/// <param name="Island">The island's place, from 0.</param>
/// <param name="Name">Its name, where the line says where the bridge is.</param>
/// <param name="Socket">Its trainer's socket, where the line says where the bridge is.</param>
/// <param name="JobFile">The job as JSON, where the line says where the bridge is.</param>
/// <param name="Event">What happened to it.</param>
/// <param name="Exit">Its exit code, once it has ended.</param>
internal sealed record PairOutput(
    int Island, string? Name = null, string? Socket = null, string? JobFile = null, BridgeEvent? Event = null, int? Exit = null);

/// <summary>A line that the program takes.</summary>
/// <param name="Island">The island's place, from 0.</param>
/// <param name="Command">A command for its bridge.</param>
/// <param name="Restart">Whether its bridge is stopped and a new incarnation, without memory, takes its place.</param>
/// <param name="Epoch">What the new bridge knows, where whoever writes the lines decides epochs; null where this program does, and tells the others.</param>
internal sealed record PairInput(int Island, BridgeCommand? Command = null, bool Restart = false, RunEpoch? Epoch = null);
