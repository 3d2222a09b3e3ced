using Superfactory.Lab.Interop;
using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;
using Superfactory.Model.Units;

namespace Superfactory.Lab.Tests.Running;

/// <summary>Laboratories with real namespaces: their coming and going.</summary>
public sealed class LaboratoryTests : IDisposable
{
    private readonly LabBench _bench = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_laboratory_comes_up_and_leaves_nothing_when_it_goes()
    {
        var laboratory = await _bench.UpAsync("a b 100mbit 2ms", "b c 100mbit 2ms");
        var fibre = _bench.State.Fibre.ShouldNotBeNull();

        laboratory.Notices.ShouldBeEmpty();
        laboratory.IsCarrying.ShouldBeTrue();
        _bench.Namespaces().Count().ShouldBe(3);
        fibre.IsAlive.ShouldBeTrue();
        var (addresses, _) = await LabBench.RunAsync([.. laboratory.Enter("b"), "ip", "-brief", "address"]);
        addresses.ShouldContain(laboratory.AddressOf("b").ToString());
        addresses.ShouldContain("to-a");
        addresses.ShouldContain("to-c");

        await laboratory.DisposeAsync();
        _bench.ShouldHaveLeftNothing(fibre);
        laboratory.IsCarrying.ShouldBeFalse();
        (await laboratory.StatusAsync(Cancellation)).Succeeded.ShouldBeFalse();

        // Doing it again does nothing.
        (await laboratory.DownAsync()).Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_laboratory_that_lives_on_is_found_again_by_name()
    {
        var up = await Laboratory.UpAsync(_bench.Topology("a b 100mbit 2ms"), _bench.Options with { LivesOn = true }, Cancellation);
        await up.Value.ShouldNotBeNull().DisposeAsync();

        Laboratory.Names(_bench.Directory).ShouldBe([_bench.Name]);
        var found = Laboratory.Open(null, _bench.Directory).Value.ShouldNotBeNull();
        (await found.StatusAsync(Cancellation)).Value.ShouldNotBeNull().Name.ShouldBe(_bench.Name);
        Laboratory.Open(_bench.Name + "x", _bench.Directory).Problems.ShouldHaveSingleItem().Hint.ShouldBe($"Did you mean '{_bench.Name}'?");

        (await found.DownAsync()).Problems.ShouldBeEmpty();
        _bench.ShouldHaveLeftNothing();
        Laboratory.Open(null, _bench.Directory).Problems.ShouldHaveSingleItem().Message.ShouldBe("No laboratory is up.");
    }

    [Fact]
    public async Task A_laboratory_that_is_up_is_not_set_up_again()
    {
        await using var laboratory = await _bench.UpAsync("a b 100mbit 2ms");
        var second = await Laboratory.UpAsync(_bench.Topology("a b 1gbit 2ms"), _bench.Options, Cancellation);

        second.Problems.ShouldHaveSingleItem().Message.ShouldBe($"Laboratory '{_bench.Name}' is up already.");
        (await laboratory.StatusAsync(Cancellation)).Value.ShouldNotBeNull().Links[0].There.Bandwidth.ShouldBe(new Bandwidth(100_000_000));
    }

    [Fact]
    public async Task A_laboratory_whose_program_was_killed_says_so_and_is_replaced()
    {
        var broken = await _bench.UpAsync("a b 100mbit 2ms", "b c 100mbit 2ms");
        var fibre = _bench.State.Fibre.ShouldNotBeNull();
        _ = Native.Signal(fibre.Id, Native.SignalKill);
        await LabBench.UntilAsync(() => !fibre.IsAlive, "the program ends");

        broken.IsCarrying.ShouldBeFalse();
        (await broken.StatusAsync(Cancellation)).Problems.ShouldHaveSingleItem().Message.ShouldContain("does not answer");

        await using (var next = await _bench.UpAsync("a b 100mbit 2ms"))
        {
            next.Notices.ShouldHaveSingleItem().ShouldContain("Removed what an earlier laboratory");
            (await next.StatusAsync(Cancellation)).Succeeded.ShouldBeTrue();
        }

        _bench.ShouldHaveLeftNothing();
    }

    [Fact]
    public async Task A_laboratory_whose_program_was_killed_can_be_taken_down()
    {
        var laboratory = await _bench.UpAsync("a b 100mbit 2ms");
        _ = Native.Signal(_bench.State.Fibre.ShouldNotBeNull().Id, Native.SignalKill);
        (await laboratory.DownAsync()).Problems.ShouldBeEmpty();
        _bench.ShouldHaveLeftNothing();
    }

    [Fact]
    public async Task A_namespace_that_an_earlier_run_left_is_removed_and_told()
    {
        (await SystemTool.RunAsync(SystemTool.Ip, ["netns", "add", $"sf-{_bench.Name}-b"], [])).Problem.ShouldBeNull();
        await using var laboratory = await _bench.UpAsync("a b 100mbit 2ms");
        laboratory.Notices.ShouldBe([$"Removed the namespace sf-{_bench.Name}-b, which an earlier run had left behind."]);
    }

    [Fact]
    public async Task A_laboratory_goes_with_the_process_that_holds_it_however_that_ends()
    {
        var file = Path.Combine(Path.GetDirectoryName(_bench.Directory)!, _bench.Name + ".yaml");
        await File.WriteAllTextAsync(file, "sites: [a, b]\nlinks: [{between: [a, b], bandwidth: 1gbit, rtt: 2ms}]", Cancellation);
        using var holder = LabBench.Start([LabBench.Program, "hold", _bench.Directory, file]);
        (await holder.StandardOutput.ReadLineAsync(Cancellation)).ShouldBe("up");
        var fibre = _bench.State.Fibre.ShouldNotBeNull();

        holder.Kill();
        await LabBench.UntilAsync(() => !fibre.IsAlive, "the program that carries the packets ends");
        _bench.ShouldHaveLeftNothing(fibre);
    }

    [Fact]
    public async Task What_stays_where_holder_and_program_are_both_killed_is_told_and_goes_with_the_next_laboratory()
    {
        var held = _bench.Name + "h";
        var file = Path.Combine(Path.GetDirectoryName(_bench.Directory)!, held + ".yaml");
        await File.WriteAllTextAsync(file, "sites: [a, b]\nlinks: [{between: [a, b], bandwidth: 1gbit, rtt: 2ms}]", Cancellation);
        using var holder = LabBench.Start([LabBench.Program, "hold", _bench.Directory, file]);
        (await holder.StandardOutput.ReadLineAsync(Cancellation)).ShouldBe("up");
        var fibre = LaboratoryState.Read(LaboratoryState.FileOf(_bench.Directory, held)).ShouldNotBeNull().Fibre.ShouldNotBeNull();
        Laboratory.LeftBehind(directory: _bench.Directory).ShouldBeEmpty();

        // The program goes first: otherwise it would see its holder go, and remove everything.
        _ = Native.Signal(fibre.Id, Native.SignalKill);
        holder.Kill();
        await holder.WaitForExitAsync(Cancellation);
        await LabBench.UntilAsync(() => !fibre.IsAlive, "the program ends");
        Laboratory.LeftBehind(directory: _bench.Directory).ShouldHaveSingleItem().ShouldStartWith($"Laboratory '{held}' was left behind");

        await using (var next = await _bench.UpAsync("a b 100mbit 2ms"))
        {
            next.Notices.ShouldHaveSingleItem().ShouldStartWith($"Removed laboratory '{held}', which was left behind: process {holder.Id}");
            Laboratory.Names(_bench.Directory).ShouldBe([_bench.Name]);
            NetworkNamespace.Exists($"sf-{held}-a").ShouldBeFalse();
        }

        _bench.ShouldHaveLeftNothing(fibre);
    }

    [Fact]
    public async Task One_that_broke_down_and_was_to_stay_is_told_and_not_taken_for_the_one_that_is_meant()
    {
        var lasting = _bench.Name + "s";
        var up = await Laboratory.UpAsync(_bench.Topology("a b 100mbit 2ms") with { Name = lasting }, _bench.Options with { LivesOn = true }, Cancellation);
        await using var broken = up.Value.ShouldNotBeNull();
        var fibre = LaboratoryState.Read(LaboratoryState.FileOf(_bench.Directory, lasting)).ShouldNotBeNull().Fibre.ShouldNotBeNull();
        _ = Native.Signal(fibre.Id, Native.SignalKill);
        await LabBench.UntilAsync(() => !fibre.IsAlive, "the program ends");

        await using (var next = await _bench.UpAsync("a b 100mbit 2ms"))
        {
            next.Notices.ShouldHaveSingleItem().ShouldStartWith($"Laboratory '{lasting}' was left behind");
            Laboratory.Open(directory: _bench.Directory).Value.ShouldNotBeNull().Name.ShouldBe(_bench.Name);
            (await Laboratory.RemoveLeftBehindAsync(directory: _bench.Directory)).Notices.ShouldBeEmpty();
            (await broken.DownAsync()).Problems.ShouldBeEmpty();
        }

        _bench.ShouldHaveLeftNothing(fibre);
    }

    [Fact]
    public async Task What_still_runs_in_a_site_is_ended_and_told()
    {
        var laboratory = await _bench.UpAsync("a b 100mbit 2ms");
        using var sleeper = LabBench.Start([.. laboratory.Enter("a"), "sleep", "600"]);
        await LabBench.UntilAsync(() => File.ReadAllText($"/proc/{sleeper.Id}/comm").StartsWith("sleep", StringComparison.Ordinal), "it runs inside");

        (await laboratory.DownAsync()).Notices.ShouldBe([$"Ended what still ran in {laboratory.NamespaceOf("a")}: process {sleeper.Id}."]);
        await sleeper.WaitForExitAsync(Cancellation).WaitAsync(LabBench.Limit, Cancellation);
        _bench.ShouldHaveLeftNothing();
    }

    [Fact]
    public async Task Nothing_stays_when_the_program_cannot_begin()
    {
        var up = await Laboratory.UpAsync(_bench.Topology("a b 100mbit 2ms"), _bench.Options with { FibreCommand = ["/bin/false"] }, Cancellation);
        up.Problems.ShouldHaveSingleItem().Message.ShouldContain("did not begin");
        _bench.ShouldHaveLeftNothing();

        up = await Laboratory.UpAsync(_bench.Topology("a b 100mbit 2ms"), _bench.Options with { FibreCommand = ["/no/such/program"] }, Cancellation);
        up.Problems.ShouldHaveSingleItem().Message.ShouldContain("cannot be set up");
        _bench.ShouldHaveLeftNothing();
    }

    [Fact]
    public async Task Nothing_stays_when_the_kernel_lacks_what_the_topology_asks_for()
    {
        var up = await Laboratory.UpAsync(_bench.Topology("a b 100mbit 2ms") with { CongestionControl = "nosuch" }, _bench.Options, Cancellation);
        up.Problems.ShouldHaveSingleItem().Message.ShouldContain("no TCP congestion control 'nosuch'");
        _bench.ShouldHaveLeftNothing();
    }

    [Fact]
    public async Task Nothing_stays_when_it_is_interrupted()
    {
        await Should.ThrowAsync<OperationCanceledException>(Laboratory.UpAsync(_bench.Topology("a b 100mbit 2ms"), _bench.Options, new CancellationToken(canceled: true)));
        _bench.ShouldHaveLeftNothing();
    }

    [Fact]
    public async Task A_site_or_link_that_is_not_there_is_named()
    {
        await using var laboratory = await _bench.UpAsync("texas ohio 100mbit 2ms", "ohio iowa 100mbit 2ms");
        (await laboratory.CutAsync("texas", "ohoi", Cancellation)).Problems.ShouldHaveSingleItem().Hint.ShouldBe("Did you mean 'ohio'?");
        (await laboratory.CutAsync("texas", "iowa", Cancellation)).Problems.ShouldHaveSingleItem().Message.ShouldBe("There is no link between 'texas' and 'iowa'.");
        Should.Throw<ArgumentException>(() => laboratory.AddressOf("ohoi")).Message.ShouldContain("Did you mean 'ohio'?");
        (await laboratory.SetAsync("texas", "ohio", new LinkChange { Jitter = TimeSpan.FromSeconds(1) }, Cancellation)).Problems.ShouldHaveSingleItem().Message.ShouldContain("at most half");
        laboratory.IsCarrying.ShouldBeTrue();
    }

    public void Dispose() => _bench.Dispose();
}
