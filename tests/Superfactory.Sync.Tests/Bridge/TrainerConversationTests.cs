using System.Text.Json.Nodes;
using Superfactory.Sync.Bridge;
using Superfactory.Sync.Bridge.Trainer;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>What a bridge says to a trainer before, beside and instead of training.</summary>
public sealed class TrainerConversationTests : IAsyncLifetime
{
    private readonly BridgeHarness _bridges = new(BridgeHarness.Diloco(every: 2, steps: 4), "wisconsin", "atlanta");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _bridges.DisposeAsync();

    [Fact]
    public async Task A_trainer_that_says_hello_is_told_which_run_this_is()
    {
        using var trainer = await _bridges.ConnectAsync(1);

        var welcome = await trainer.HelloAsync();

        welcome.ToJsonString().ShouldBe(
            """{"type":"welcome","protocol":1,"run":7,"island":"atlanta","islands":["wisconsin","atlanta"],"index":1,"mode":"diloco","every":2,"seed":1}""");
    }

    [Fact]
    public async Task A_trainer_that_registers_gets_memory_that_only_its_user_can_open()
    {
        using var trainer = await _bridges.ConnectAsync(0);
        await trainer.HelloAsync();

        await trainer.RegisterAsync(TrainerClient.Parameter("w", 3, 5), TrainerClient.Tensor("n", "int64", "buffer", 24, 3));

        ((long)trainer.Arena["local"]!).ShouldBe(0);
        ((long)trainer.Arena["merged"]!).ShouldBe(64);
        ((long)trainer.Arena["statics"]!).ShouldBe(128);
        ((long)trainer.Arena["statics_bytes"]!).ShouldBe(24);
        ((long)trainer.Arena["bytes"]!).ShouldBe(192);
        var file = (string)trainer.Arena["path"]!;
        new FileInfo(file).Length.ShouldBe(192);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Fact]
    public async Task A_second_connection_is_refused_by_name_and_the_first_goes_on()
    {
        using var trainer = await _bridges.ConnectAsync(0);
        await trainer.HelloAsync();
        using var second = await TrainerClient.ConnectAsync(_bridges.Socket(0));

        var refused = await second.ExpectAsync("failed");

        ((string)refused["reason"]!).ShouldContain($"The trainer of wisconsin (process {Environment.ProcessId}) is connected to this bridge already");
        (await second.ReceiveAsync()).ShouldBeNull();
        await trainer.RegisterAsync(TrainerClient.Parameter("w", 1));
    }

    [Fact]
    public async Task A_connection_after_the_first_has_closed_is_welcome()
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            // No wait in between: the bridge itself has to see that the other end is closed.
            using var trainer = await _bridges.ConnectAsync(0);
            await trainer.HelloAsync();
        }
    }

    [Theory]
    [InlineData("garbage", "cannot read what the trainer sent")]
    [InlineData("[1,2]", "no JSON object with a 'type'")]
    [InlineData("""{"type":7}""", "no JSON object with a 'type'")]
    [InlineData("""{"type":"hullo"}""", "the type 'hullo' is unknown")]
    [InlineData("""{"type":"hello","protocol":1}""", "missing required properties including: 'client'")]
    [InlineData("""{"type":"hello","protocol":2,"client":"9.9","pid":1,"world":1}""", "client 9.9 speaks protocol version 2; this bridge speaks version 1")]
    [InlineData("""{"type":"start"}""", "said 'start' where the bridge expected 'hello'")]
    [InlineData("""{"type":"report","step":1,"values":{}}""", "said 'report' where the bridge expected 'hello'")]
    public async Task A_line_that_does_not_fit_is_refused_with_a_sentence_and_the_bridge_goes_on(string line, string reason)
    {
        using (var trainer = await _bridges.ConnectAsync(0))
        {
            await trainer.SendAsync(line);
            var failed = await trainer.ExpectAsync("failed");
            ((string)failed["reason"]!).ShouldContain(reason);
            (await trainer.ReceiveAsync()).ShouldBeNull();
        }

        (await _bridges.EventAsync<BridgeEvent.Note>(0)).Text.ShouldContain(reason);
        using var next = await _bridges.ConnectAsync(0);
        await next.HelloAsync();
    }

    [Fact]
    public async Task A_line_without_end_is_refused_before_it_fills_the_memory()
    {
        using var trainer = await _bridges.ConnectAsync(0);
        var sending = trainer.SendAsync(new string('x', TrainerMessageReader.LineBytesMax + 10));

        var failed = await trainer.ExpectAsync("failed");

        ((string)failed["reason"]!).ShouldContain($"a line of more than {TrainerMessageReader.LineBytesMax} bytes");
        await Record.ExceptionAsync(() => sending);
    }

    [Fact]
    public async Task A_trainer_without_parameters_fails_the_run_which_no_restart_would_mend()
    {
        using var trainer = await _bridges.ConnectAsync(0);
        await trainer.HelloAsync();

        var tensors = new JsonArray(TrainerClient.Tensor("n", "int64", "buffer", 8, 1));
        var failed = await trainer.AskAsync(new() { ["type"] = "register", ["tensors"] = tensors }, "failed");

        ((string)failed["reason"]!).ShouldContain("registers no parameters");
        (await _bridges.ExitAsync(0)).ShouldBe(1);
    }

    [Fact]
    public async Task A_trainer_that_registers_other_tensors_after_its_restart_is_refused_by_name()
    {
        using (var first = await _bridges.ConnectAsync(0))
        {
            await first.HelloAsync();
            await first.RegisterAsync(TrainerClient.Parameter("a", 2), TrainerClient.Parameter("b", 3, 4));
        }

        using var second = await _bridges.ConnectAsync(0);
        await second.HelloAsync();
        var tensors = new JsonArray(TrainerClient.Parameter("a", 2), TrainerClient.Parameter("b", 4, 4));
        var failed = await second.AskAsync(new() { ["type"] = "register", ["tensors"] = tensors }, "failed");

        ((string)failed["reason"]!).ShouldContain("'b' [4, 4] float32 (parameter) where it registered 'b' [3, 4] float32 (parameter)");
    }

    [Fact]
    public async Task A_bridge_that_is_told_to_stop_leaves_nothing_behind()
    {
        using var trainer = await _bridges.ConnectAsync(0);
        await trainer.HelloAsync();
        await trainer.RegisterAsync(TrainerClient.Parameter("w", 8));
        var arena = (string)trainer.Arena["path"]!;
        await File.WriteAllTextAsync(arena + ".state-0.part", "half written", TestContext.Current.CancellationToken);

        await _bridges.TellAsync(0, new BridgeCommand.Stop());

        ((string)(await trainer.ExpectAsync("failed"))["reason"]!).ShouldBe("The bridge of wisconsin was stopped.");
        trainer.Dispose();
        (await _bridges.ExitAsync(0)).ShouldBe(0);
        _bridges.Arenas().ShouldBeEmpty();
        File.Exists(_bridges.Socket(0)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_bridge_whose_commands_end_stops()
    {
        await _bridges.EventAsync<BridgeEvent.Ready>(0);

        _bridges.EndCommands(0);

        (await _bridges.ExitAsync(0)).ShouldBe(0);
        _bridges.Events(0).ShouldBe([new BridgeEvent.Ready()]);
    }

    [Fact]
    public async Task What_a_trainer_reports_is_passed_on()
    {
        using var trainer = await _bridges.ConnectAsync(0);
        await trainer.HelloAsync();
        await trainer.RegisterAsync(TrainerClient.Parameter("w", 1));

        await trainer.SendAsync("""{"type":"report","step":12,"values":{"accuracy":0.5,"loss":"NaN"}}""");

        var measured = await _bridges.EventAsync<BridgeEvent.Measurement>(0);
        measured.Step.ShouldBe(12);
        measured.Values["accuracy"].ShouldBe(0.5);
        measured.Values["loss"].ShouldBe(double.NaN);
    }
}
