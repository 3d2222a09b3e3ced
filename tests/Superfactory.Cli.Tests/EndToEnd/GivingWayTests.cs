using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;
using Superfactory.Site.Data;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>The scheduler's decisions carried out by real sites: who gives way saves, and loses nothing.</summary>
[Collection(WholeFactories.Name)]
public sealed class GivingWayTests : IAsyncDisposable
{
    private const int Steps = 200, Batch = 8, Pace = 100;

    private readonly FactoryRun _factory = new();

    public GivingWayTests() => CorpusBuilder.Build(
        new CorpusOptions { DataDirectory = _factory.Data }, progress: null, TestContext.Current.CancellationToken).Succeeded.ShouldBeTrue();

    [Fact]
    public async Task Job_gives_way_to_one_of_a_higher_priority_comes_back_and_ends_with_its_ledger_exact()
    {
        await StartAsync();
        var low = await _factory.SubmitAsync(Job("[wisconsin, atlanta]", Steps, Pace));
        await _factory.UntilAsync(low, static view => view.Progress > 0.2);

        var high = await _factory.SubmitAsync(Job("[atlanta]", 30) + "\npriority: 10");
        (await _factory.UntilAsync(high, static _ => true)).Reason.ShouldBe("Starts at atlanta as soon as job 1 has given way.");
        var first = await _factory.UntilAsync(high, static view => view.EndedUnixMilliseconds is not null);
        first.State.ShouldBe(JobState.Completed, first.Reason);
        _factory.Hurry();

        var back = await _factory.UntilAsync(low, static view => view.EndedUnixMilliseconds is not null);
        back.State.ShouldBe(JobState.Completed, back.Reason);
        back.Islands.ShouldAllBe(static island => island.Incarnation == 2);
        Whole(back);
    }

    [Fact]
    public async Task Job_of_two_islands_loses_one_to_a_reclaim_goes_on_and_gets_it_back()
    {
        await StartAsync();
        var file = Path.Combine(_factory.Directory, "queues.yaml");
        await File.WriteAllTextAsync(file, "queues:\n  - {name: default}\n  - {name: research, quotas: {hardware: cpu, guaranteed: 1}}\n", TestContext.Current.CancellationToken);
        var applied = await CommandProcess.RunAsync("fleet", "apply", file, "--control", _factory.Url);
        applied.ExitCode.ShouldBe(0, applied.Error);

        var wide = await _factory.SubmitAsync(Job("[wisconsin, atlanta]", 3 * Steps, Pace) + "\nislands_min: 1");
        await _factory.UntilAsync(wide, static view => view.Progress > 0.15);
        var owner = await _factory.SubmitAsync(Job("[atlanta]", 30) + "\nqueue: research");
        var alone = await _factory.UntilAsync(wide, static view => view.Epoch is { Members.Length: 1 });
        alone.Epoch!.Members[0].Island.ShouldBe("wisconsin");
        (await _factory.UntilAsync(owner, static view => view.EndedUnixMilliseconds is not null)).State.ShouldBe(JobState.Completed);
        (await CommandProcess.RunAsync("queues", "--control", _factory.Url)).Output.ShouldContain("research");

        var again = await _factory.UntilAsync(wide, static view => view.Epoch is { Members.Length: 2 } || view.EndedUnixMilliseconds is not null);
        again.Epoch!.Members.Select(static member => member.Island).ShouldBe(["wisconsin", "atlanta"], again.Reason);
        _factory.Hurry();
        var ended = await _factory.UntilAsync(wide, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        ended.Islands.Select(static island => island.Incarnation).ShouldBe([1, 2]);
        Whole(ended, 3 * Steps);
    }

    [Fact]
    public async Task Island_gives_up_slots_to_a_job_of_a_higher_priority_goes_on_with_the_rest_and_ends_with_its_ledger_exact()
    {
        await _factory.ControlAsync();
        await _factory.SiteAsync("atlanta", slots: 4);
        var wide = await _factory.SubmitAsync(Job("[atlanta]", Steps, Pace) + "\naccelerators: 4\naccelerators_min: 1");
        (await _factory.UntilAsync(wide, static view => view.Progress > 0.05)).Islands.ShouldHaveSingleItem().Accelerators.ShouldBe(4);

        var high = await _factory.SubmitAsync(Job("[atlanta]", 10) + "\npriority: 10\naccelerators: 2");
        _factory.Hurry();
        (await _factory.UntilAsync(high, static view => view.EndedUnixMilliseconds is not null)).State.ShouldBe(JobState.Completed);
        var ended = await _factory.UntilAsync(wide, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        (ended.Islands.ShouldHaveSingleItem().Incarnation, ended.Islands[0].Accelerators).ShouldBe((2, 2));
        ended.Islands[0].Result!.Ledger.ShouldBe(new LedgerTotals(Steps * Batch, Steps * Batch, 0, 0));
    }

    [Fact]
    public async Task Job_moves_off_a_site_that_is_drained_and_ends_elsewhere_with_its_ledger_exact()
    {
        await StartAsync();
        var job = await _factory.SubmitAsync(Job("1", 2 * Steps, Pace));
        var running = await _factory.UntilAsync(job, static view => view.Progress > 0.1);
        var from = running.Islands.ShouldHaveSingleItem().Site;

        var drained = await CommandProcess.RunAsync("drain", from, "--reason", "new switches", "--control", _factory.Url);
        drained.ExitCode.ShouldBe(0, drained.Error);
        drained.Output.ShouldContain($"{from}  is being drained by");
        drained.Output.ShouldContain("job 1");
        _factory.Hurry();

        var ended = await _factory.UntilAsync(job, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        ended.Islands.ShouldHaveSingleItem().Site.ShouldNotBe(from);
        ended.Islands[0].Result!.Ledger.ShouldBe(new LedgerTotals(2 * Steps * Batch, 2 * Steps * Batch, 0, 0));
        (await CommandProcess.RunAsync("outages", "--control", _factory.Url)).Output.ShouldContain($"{from}  is drained");
        (await CommandProcess.RunAsync("return", from, "--control", _factory.Url)).Output.ShouldContain($"{from} is in service.");
    }

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    private static void Whole(JobView job, int steps = Steps)
    {
        var results = job.Islands.Select(static island => island.Result.ShouldNotBeNull()).ToArray();
        results.Select(static result => result.ParametersSha256).Distinct().ShouldHaveSingleItem();
        results[0].Ledger.ShouldBe(new LedgerTotals(steps * Batch * 2, steps * Batch * 2, 0, 0));
    }

    private string Job(string sites, int steps, int pace = 0) => $$"""
        name: gives-way
        sites: {{sites}}
        trainer: {recipe: pretrain, model: {layers: 2, hidden: 64, heads: 2, context: 64}, batch: {{Batch}}, validation_samples: 8}
        data: {corpus: dotnet-docs}
        environment: {{_factory.Environment(pace)}}
        sync: {mode: diloco, every: 10}
        budget: {steps: {{steps}}}
        """;

    private async Task StartAsync()
    {
        await _factory.ControlAsync();
        await Task.WhenAll(_factory.SiteAsync("wisconsin"), _factory.SiteAsync("atlanta"));
    }
}
