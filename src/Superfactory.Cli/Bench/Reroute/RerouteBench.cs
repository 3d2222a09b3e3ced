using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.CommandLine;
using Superfactory.Lab.Running;

namespace Superfactory.Cli.Bench.Reroute;

/// <summary>Cuts and restores the link between two of three islands under traffic, and times how soon that goes on. For one measurement.</summary>
internal sealed class RerouteBench(LabStage stage, TimeProvider time, Action<string> say)
{
    /// <summary>Islands: each joined to both others.</summary>
    public const int Islands = 3;

    /// <summary>The most cuts; each takes some five seconds.</summary>
    public const int CutsMax = 100;

    /// <summary>How long the link rests cut, and restored, before the other is measured: longer than anything takes to notice it.</summary>
    private static readonly TimeSpan _rest = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(20);

    /// <summary>How long the traffic may take to come back.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    /// <summary>What a link carries for itself, signs of life and handshakes, stays below this until traffic does: five messages.</summary>
    private const long TrafficBytes = 5 * SteadyTraffic.MessageBytes;

    /// <summary>Measures.</summary>
    /// <param name="cuts">How often, from 1.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Of each cut, the seconds until traffic went on and, after the restoration, until it was back on the link.</returns>
    /// <exception cref="BenchException">It did not go on, or took another way than the other two links.</exception>
    public async Task<IReadOnlyList<(double Seconds, double Back)>> RunAsync(int cuts, CancellationToken cancellation)
    {
        await using var traffic = await SteadyTraffic.BeginAsync(stage, time, cancellation);
        var measured = new List<(double, double)>();

        // What asks the laboratory is compiled now, and not in the time of the first cut.
        _ = await stage.StatusAsync(cancellation);
        for (var cut = 1; cut <= cuts; cut++)
        {
            await traffic.NextAsync(cancellation);
            await Task.Delay(_rest, time, cancellation);
            var seconds = await CutAsync(traffic, cancellation);
            await Task.Delay(_rest, time, cancellation);
            var back = await RestoreAsync(cancellation);
            measured.Add((seconds, back));
            say($"Cut {cut} of {cuts}: traffic went on after {seconds:0.000} s, and was back {back:0.000} s after the restoration.");
        }

        return measured;
    }

    private async Task<double> CutAsync(SteadyTraffic traffic, CancellationToken cancellation)
    {
        var (one, other, between) = (stage.Islands[0], stage.Islands[1], stage.Islands[2]);
        var began = time.GetTimestamp();
        var before = await stage.SwitchAsync(one, other, isCut: true, cancellation);
        var seconds = time.GetElapsedTime(began, await traffic.NextAsync(cancellation)).TotalSeconds;
        var after = await stage.StatusAsync(cancellation);
        var around = Math.Min(Carried(after, one, between) - Carried(before, one, between), Carried(after, other, between) - Carried(before, other, between));
        if (around < SteadyTraffic.MessageBytes || Carried(after, one, other) != Carried(before, one, other))
        {
            throw new BenchException($"What arrived did not come over {between}.", ExitCode.JobFailed);
        }

        return seconds;
    }

    private async Task<double> RestoreAsync(CancellationToken cancellation)
    {
        var (one, other) = (stage.Islands[0], stage.Islands[1]);
        var began = time.GetTimestamp();
        var before = Carried(await stage.SwitchAsync(one, other, isCut: false, cancellation), one, other);
        while (Carried(await stage.StatusAsync(cancellation), one, other) - before < TrafficBytes)
        {
            if (time.GetElapsedTime(began) > _patience)
            {
                throw new BenchException($"Traffic was not back on the link within {_patience.TotalSeconds:0} s.", ExitCode.JobFailed);
            }

            await Task.Delay(_look, time, cancellation);
        }

        return time.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Bytes that the link between two islands has carried, both ways.</summary>
    private static long Carried(LabStatus status, string one, string other)
    {
        var link = status.Links.Single(link => (link.A == one && link.B == other) || (link.A == other && link.B == one));
        return link.There.Bytes + link.Back.Bytes;
    }
}
