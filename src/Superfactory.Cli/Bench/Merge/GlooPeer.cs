using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Site.Gangs;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>PyTorch's Gloo on the same stage: one process for each island, with the same numbers from the same shared memory, always in fp32.</summary>
internal sealed class GlooPeer : IAsyncDisposable
{
    /// <summary>How many operations run at once; the better one counts.</summary>
    public static readonly int[] Operations = [1, 4];

    private const string Program = "bench/gloo_allreduce.py";

    private readonly List<BenchProcess> _processes = [];
    private readonly List<string> _arenas;

    private GlooPeer(List<string> arenas) => _arenas = arenas;

    /// <summary>Starts the processes and joins them.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="trainers">Whose shared memory holds the numbers, in the order of islands.</param>
    /// <param name="directory">An existing directory that the processes share.</param>
    /// <param name="elements">Numbers of each island.</param>
    /// <param name="cancellation">Ends the start.</param>
    /// <exception cref="BenchException">There is no PyTorch, or a process failed.</exception>
    public static async Task<GlooPeer> StartAsync(
        MergeStage stage, IReadOnlyList<TrainerStandIn> trainers, string directory, int elements, CancellationToken cancellation)
    {
        var python = await PythonLocator.FindAsync(named: null, cancellation);
        var program = Directories.ProjectFile(Program);
        if ((python.Succeeded ? program.Problems : python.Problems) is [var problem, ..])
        {
            throw new BenchException(problem.ToString(), ExitCode.CannotReach);
        }

        var peer = new GlooPeer([.. trainers.Select(trainer => trainer.ArenaPath)]);
        try
        {
            // Each is ready only when all are joined.
            var store = Path.Combine(directory, "gloo.store");
            peer._processes.AddRange(await Task.WhenAll(stage.Islands.Select((island, rank) => stage.StartBesideAsync(
                $"Gloo process of {island}", island,
                [
                    python.Value!, program.Value!, "--store", store, "--rank", Text(rank), "--size", Text(stage.Islands.Length),
                    "--address", stage.AddressOf(island), "--elements", Text(elements), "--arena", trainers[rank].ArenaPath,
                ],
                static line => line == "ready", cancellation))));
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Merges the numbers that the islands hold now.</summary>
    /// <param name="operations">Concurrent operations.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>From the word to the first process to the answer of the last.</returns>
    /// <exception cref="BenchException">A process failed, or the sum is wrong.</exception>
    public async Task<TimeSpan> MergeAsync(int operations, TimeProvider time, CancellationToken cancellation)
    {
        await AskAllAsync($"prepare {Text(operations)}", "prepared", cancellation);
        var began = time.GetTimestamp();
        await AskAllAsync("reduce", "reduced", cancellation);
        var taken = time.GetElapsedTime(began);
        await AskAllAsync($"check {string.Join(' ', _arenas)}", "right", cancellation);
        return taken;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_processes.Select(process => process.DisposeAsync().AsTask()));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task AskAllAsync(string line, string expected, CancellationToken cancellation)
    {
        var answers = await Task.WhenAll(_processes.Select(process => process.AskAsync(line, static _ => true, cancellation)));
        if (Array.Find(answers, answer => answer != expected) is { } other)
        {
            throw new BenchException($"Gloo answered '{other}' to '{line}' where '{expected}' was expected.", ExitCode.JobFailed);
        }
    }
}
