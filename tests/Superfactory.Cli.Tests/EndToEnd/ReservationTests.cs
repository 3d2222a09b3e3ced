using Superfactory.Cli.Tests.CommandLine;
using Superfactory.Model.Agents;
using Superfactory.Model.Views;
using Superfactory.Site.Data;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>What is reserved of a fleet whose sites are real: who is in its way saves, stops, comes back, and loses nothing.</summary>
[Collection(WholeFactories.Name)]
public sealed class ReservationTests : IAsyncDisposable
{
    private const int Steps = 400, Batch = 8;

    private readonly FactoryRun _factory = new();

    public ReservationTests() => CorpusBuilder.Build(
        new CorpusOptions { DataDirectory = _factory.Data }, progress: null, TestContext.Current.CancellationToken).Succeeded.ShouldBeTrue();

    [Fact]
    public async Task Job_gives_way_to_maintenance_comes_back_when_that_is_over_and_ends_with_its_ledger_exact()
    {
        await _factory.ControlAsync();
        await _factory.SiteAsync("atlanta");
        var job = await _factory.SubmitAsync($$"""
            name: gives-way
            sites: [atlanta]
            trainer: {recipe: pretrain, model: {layers: 2, hidden: 64, heads: 2, context: 64}, batch: {{Batch}}, validation_samples: 8}
            data: {corpus: dotnet-docs}
            sync: {mode: diloco, every: 10}
            budget: {steps: {{Steps}}}
            """);
        await _factory.UntilAsync(job, static view => view.Progress > 0.1);

        var reserved = await RunAsync("fleet", "reserve", "pumps", "atlanta", "--from", "2s", "--for", "20s", "--reason", "new pumps");
        reserved.ShouldStartWith("pumps  atlanta for maintenance, from ");
        reserved.ShouldContain(": is being cleared. New pumps.");
        reserved.ShouldContain("  job 1  ");
        (await CommandProcess.RunAsync("fleet", "reserve", "again", "atlanta", "--for", "4s", "--control", _factory.Url)).Error.ShouldContain("Atlanta is reserved as pumps for maintenance from");

        var waits = await _factory.UntilAsync(job, static view => view.State == JobState.Queued);
        waits.Reason.ShouldContain("reserved for maintenance as pumps until");
        (await RunAsync("fleet", "reservations")).ShouldContain("  nobody has to leave");
        (await RunAsync("why", "1")).ShouldContain("reserved for maintenance as pumps until");

        var ended = await _factory.UntilAsync(job, static view => view.EndedUnixMilliseconds is not null);
        ended.State.ShouldBe(JobState.Completed, ended.Reason);
        ended.Islands.ShouldHaveSingleItem().Incarnation.ShouldBe(2);
        ended.Islands[0].Result!.Ledger.ShouldBe(new LedgerTotals(Steps * Batch, Steps * Batch, 0, 0));
        (await RunAsync("fleet", "reservations")).ShouldBe("Nothing is reserved.\n");
        (await RunAsync("outages")).ShouldBe("Nothing is out of service.\n");
        var moves = (await RunAsync("decisions", "1")).Split('\n').First(static line => line.Contains("job-moves", StringComparison.Ordinal));
        (await RunAsync("replay", moves.Trim().Split(' ')[0])).ShouldContain("byte for byte");
    }

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    private async Task<string> RunAsync(params string[] arguments)
    {
        var result = await CommandProcess.RunAsync([.. arguments, "--control", _factory.Url]);
        result.ExitCode.ShouldBe(0, result.Error);
        return result.Output;
    }
}
