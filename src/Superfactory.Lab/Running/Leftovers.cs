using System.Collections.Immutable;
using Superfactory.Model;

namespace Superfactory.Lab.Running;

/// <summary>
/// Laboratories of which nobody is left: those that go with the process that set them up, where both that and the program that carries packets were
/// killed, are removed by whoever comes next; others that broke down may still hold what a user wants to see, and are told.
/// </summary>
internal static class Leftovers
{
    /// <summary>What was left behind beside one laboratory; sentences that say how it goes away.</summary>
    public static ImmutableArray<string> Tell(string directory, string? except) =>
    [
        .. States(directory, except).Where(static state => state.IsLeftBehind).Select(static state =>
            $"Laboratory '{state.Topology.Name}' was left behind: the program that carried its packets had ended. 'superfactory lab down --lab {state.Topology.Name}' removes it."),
    ];

    /// <summary>Removes laboratories that went with their holder, and did not because the program that carries packets was killed too.</summary>
    /// <returns>What was done, and what could not be done.</returns>
    public static async Task<(ImmutableArray<string> Notices, ImmutableArray<Problem> Problems)> RemoveAsync(string directory, string? except, TimeProvider time)
    {
        var (notices, problems) = (ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<Problem>());
        foreach (var state in States(directory, except).Where(static state => state.IsLeftBehind && state.IsHeld && !state.Owner.IsAlive))
        {
            notices.Add($"Removed laboratory '{state.Topology.Name}', which was left behind: process {state.Owner.Id}, which it was to go with, and the program that carried its packets had ended.");
            var (told, wrong) = await Teardown.RemoveAsync(directory, state, time);
            notices.AddRange(told);
            problems.AddRange(wrong);
        }

        return (notices.ToImmutable(), problems.ToImmutable());
    }

    private static IEnumerable<LaboratoryState> States(string directory, string? except) =>
        Lookup.Names(directory).Where(name => name != except).Select(name => LaboratoryState.Read(LaboratoryState.FileOf(directory, name))).OfType<LaboratoryState>();
}
