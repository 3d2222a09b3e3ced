using System.Text.Json;
using Superfactory.Model;
using Superfactory.Site.Interop;
using Superfactory.Site.Processes;

namespace Superfactory.Site.Gangs;

/// <summary>A gang's supervisor as a process: <c>superfactory gang --spec FILE</c>.</summary>
public static class GangProgram
{
    /// <summary>
    /// Runs one gang, its bridge and its trainers, until it ends. It reads <see cref="GangCommand"/>s from standard input and writes
    /// <see cref="GangEvent"/>s to standard output, and when its agent is gone does the same with the one that connects to its socket. When it
    /// returns, no process of the gang is left.
    /// </summary>
    /// <param name="specificationPath">The file of its <see cref="GangSpecification"/>.</param>
    /// <param name="cancellationToken">Stops the gang as <see cref="GangCommand.Stop"/> does; so do SIGINT, SIGTERM and SIGHUP.</param>
    /// <returns>The exit code: 0 finished or stopped; 1 failed, or the agent went away; 2 the specification is bad; 3 something could not be set up.</returns>
    public static async Task<int> RunAsync(string specificationPath, CancellationToken cancellationToken)
    {
        var read = GangSpecification.Load(specificationPath);
        if (!read.Succeeded)
        {
            await Console.Error.WriteLineAsync(string.Join(Environment.NewLine, read.Problems));
            return ExitCodes.BadInput;
        }

        if (SystemTools.Find(SystemTools.Keeper) is not { } keeper)
        {
            await Console.Error.WriteLineAsync(SystemTools.Missing(SystemTools.Keeper));
            return ExitCodes.CannotSetUp;
        }

        if (!Native.BecomeSubreaper())
        {
            await Console.Error.WriteLineAsync("The system does not let this process watch over its descendants (prctl PR_SET_CHILD_SUBREAPER failed).");
            return ExitCodes.CannotSetUp;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var signals = new SignalWatch(stop.Cancel);
        return await SuperviseAsync(read.Value, keeper, stop.Token);
    }

    private static async Task<int> SuperviseAsync(GangSpecification specification, string keeper, CancellationToken cancellationToken)
    {
        await using var output = Console.OpenStandardOutput();
        await using var input = Console.OpenStandardInput();
        using var agent = new AgentPort(input, output, specification);
        var events = new GangEventWriter(specification.Assignment, agent, TimeProvider.System);
        GangEvent? last;
        using (var supervisor = new GangSupervisor(specification, keeper, agent, events, TimeProvider.System))
        {
            last = await supervisor.RunAsync(cancellationToken);
        }

        if (last is not null)
        {
            // For an agent that comes when this process is gone as well.
            await File.WriteAllBytesAsync(GangFiles.Last(specification.GangDirectory), JsonSerializer.SerializeToUtf8Bytes(last, FactoryJson.Options), CancellationToken.None);
            await events.TellAsync(last, CancellationToken.None);
        }

        await events.CompleteAsync();
        RuntimeDirectories.Delete(specification.RuntimeDirectory);
        return last is GangEvent.Finished or GangEvent.Stopped ? ExitCodes.Done : ExitCodes.Failed;
    }
}
