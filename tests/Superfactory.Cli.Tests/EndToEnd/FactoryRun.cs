using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Superfactory.Cli.Api;
using Superfactory.Model.Views;
using Superfactory.Wan.Security;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>A control plane and sites as processes that a test kills and starts again.</summary>
internal sealed class FactoryRun : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly string _endpoint;
    private readonly List<RunningProgram> _programs = [];
    private readonly FleetAuthority _authority;

    public FactoryRun()
    {
        // A port that is free now; it must be the same one when the control plane comes back.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _endpoint = $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture)}";
        Client = new ControlClient(new Uri(Url));
        _authority = FleetAuthority.Create(TimeProvider.System.GetUtcNow());
    }

    public string Url => $"http://{_endpoint}";

    public ControlClient Client { get; }

    public string Data => _directory.Combine("corpora");

    public string Directory => _directory.Root;

    private string HurryFile => _directory.Combine("hurry");

    public async Task<RunningProgram> ControlAsync() =>
        await ReadyAsync("control", "--listen", _endpoint, "--state", _directory.Combine("state"));

    /// <summary>Starts a site's agent.</summary>
    /// <param name="name">The site.</param>
    /// <param name="orphanGrace">Seconds that its gangs outlive it; 0 lets a site be lost as a whole by one kill.</param>
    public async Task<RunningProgram> SiteAsync(string name, int orphanGrace = 0, int slots = 1)
    {
        _authority.Issue(name, _directory.Combine("state", "certificates"), TimeProvider.System.GetUtcNow()).Succeeded.ShouldBeTrue();
        return await ReadyAsync("site", "--name", name, "--control", Url, "--state", _directory.Combine("state"), "--data", Data, "--cores", "1", "--slots", $"{slots}", "--orphan-grace", $"{orphanGrace}");
    }

    /// <summary>A job's <c>environment</c>: its trainers take steps no faster than this until <see cref="Hurry"/>, so that how fast the machine is does not decide what it lives to see.</summary>
    /// <param name="pace">Milliseconds that a step takes at least.</param>
    public string Environment(int pace) => string.Create(CultureInfo.InvariantCulture, $"{{PACE_SECONDS: \"{pace / 1000.0}\", PACE_UNTIL: \"{HurryFile}\"}}");

    /// <summary>Lets trainers take their steps as fast as they can, those of later jobs too.</summary>
    public void Hurry() => File.WriteAllText(HurryFile, string.Empty);

    /// <summary>Writes and submits a job of the given length.</summary>
    /// <param name="steps">Steps of each site.</param>
    /// <param name="every">Steps between merges; 0 merges gradients every step.</param>
    /// <param name="checkpoint">Seconds between checkpoints.</param>
    /// <param name="stall">Seconds without a step after which an island is out; 0 takes the default.</param>
    /// <param name="pace">Milliseconds that a step takes at least until <see cref="Hurry"/>.</param>
    public Task<long> SubmitAsync(int steps, int every, int checkpoint = 60, int stall = 0, int pace = 0) =>
        SubmitAsync(steps, every == 0 ? "mode: every-step" : $"mode: diloco, every: {every}, stall: {stall}", checkpoint, pace);

    /// <summary>Writes and submits a job of the given length.</summary>
    /// <param name="steps">Steps of each site.</param>
    /// <param name="sync">The fields of the job's <c>sync</c>.</param>
    /// <param name="checkpoint">Seconds between checkpoints.</param>
    /// <param name="pace">Milliseconds that a step takes at least until <see cref="Hurry"/>.</param>
    public async Task<long> SubmitAsync(int steps, string sync, int checkpoint = 60, int pace = 0)
    {
        var text = $$"""
            name: killed
            sites: [wisconsin, atlanta]
            trainer: {recipe: pretrain, model: {layers: 2, hidden: 64, heads: 2, context: 64}, batch: 8, validation_samples: 8}
            data: {corpus: dotnet-docs}
            environment: {{Environment(pace)}}
            sync: { {{sync}} }
            checkpoint: {every: {{checkpoint}}}
            budget: {steps: {{steps}}}
            """;
        return await SubmitAsync(text);
    }

    /// <summary>Submits a job file.</summary>
    public async Task<long> SubmitAsync(string text)
    {
        var submitted = await Client.SubmitAsync("job.yaml", null, text, TestContext.Current.CancellationToken);
        return submitted.Value.ShouldNotBeNull(string.Join('\n', submitted.Problems)).Id;
    }

    /// <summary>Follows a job until it is as wanted.</summary>
    public async Task<JobView> UntilAsync(long job, Func<JobView, bool> isIt)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        late.CancelAfter(RunningProgram.Limit);
        JobView? last = null;
        await foreach (var happened in JobWatch.FollowAsync(Client, job, TimeProvider.System, late.Token))
        {
            last = happened is JobEvent.Changed(var view) ? view : last;
            if (last is not null && isIt(last))
            {
                return last;
            }
        }

        throw new InvalidOperationException($"The job never was as wanted; at last it was {last?.State}: {last?.Reason}\n{string.Join('\n', _programs.Select(static program => program.Output))}");
    }

    /// <summary>Holds a job on its way, releases it when it is held, lets it hurry, and sees every island's second incarnation complete it.</summary>
    public async Task<JobView> HeldAndReleasedAsync(long job)
    {
        await UntilAsync(job, static view => view.Progress > 0.2);
        (await Client.HoldAsync(job, array: false, TestContext.Current.CancellationToken)).Succeeded.ShouldBeTrue();
        var held = await UntilAsync(job, static view => view.State is JobState.Held or JobState.Completed);
        held.State.ShouldBe(JobState.Held, held.Reason);
        Hurry();
        (await Client.ReleaseAsync(job, array: false, TestContext.Current.CancellationToken)).Succeeded.ShouldBeTrue();

        var ended = await UntilAsync(job, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        ended.Islands.ShouldAllBe(static island => island.Incarnation == 2);
        return ended;
    }

    /// <summary>Asks for a job's checkpoints until they are as wanted.</summary>
    public async Task<CheckpointList> CheckpointsAsync(long job, Func<CheckpointList, bool> areThey)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        late.CancelAfter(RunningProgram.Limit);
        while (true)
        {
            var answer = await Client.CheckpointsAsync(job, late.Token);
            if (answer.Succeeded && areThey(answer.Value))
            {
                return answer.Value;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), late.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var program in Enumerable.Reverse(_programs))
        {
            await program.DisposeAsync();
        }

        Client.Dispose();
        _authority.Dispose();
        _directory.Dispose();
    }

    private async Task<RunningProgram> ReadyAsync(params string[] arguments)
    {
        var program = RunningProgram.Start(arguments);
        _programs.Add(program);
        await program.LineAsync(static line => line.StartsWith("ready ", StringComparison.Ordinal));
        return program;
    }
}
