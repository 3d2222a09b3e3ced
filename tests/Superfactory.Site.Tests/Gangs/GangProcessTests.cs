using Superfactory.Site.Gangs;
using Superfactory.Site.Interop;
using Superfactory.Site.Tests.Support;

namespace Superfactory.Site.Tests.Gangs;

/// <summary>Gangs of real processes, with a bridge that plays a part and shell scripts as trainers.</summary>
public sealed class GangProcessTests
{
    // A trainer that double-forks: the inner process leaves the session and loses its parent.
    private const string Escape = "(setsid sleep 1000 & echo $! > escaped) ; sleep 1000 & echo $! > child ; echo $$ > trainer ; wait";

    [Fact]
    public async Task A_gang_whose_run_finishes_reports_its_result_and_leaves_no_process_and_no_shared_memory()
    {
        await using var gang = new GangFixture();
        await gang.StartAsync(GangFixture.Job("ready running step:3 wait:trained finished", "sh", "-c", "sleep 1000 & echo $! > child; echo trained > trained"));

        var last = (await gang.LastAsync()).ShouldBeOfType<GangEvent.Finished>();

        last.Result!.ParametersSha256.ShouldBe(ScriptedBridge.Result.ParametersSha256);
        GangFixture.IsAlive(await gang.ProcessIdAsync("child")).ShouldBeFalse();
        GangFixture.IsAlive(gang.SupervisorId).ShouldBeFalse();
        Directory.Exists(gang.RuntimeDirectory).ShouldBeFalse();
        var events = await gang.EventsAsync();
        events.ShouldContain(said => said is GangEvent.Running);
        events.OfType<GangEvent.Progress>().ShouldContain(progress => progress.Value.Steps == 3);
    }

    [Fact]
    public async Task A_gang_whose_lease_is_over_ends_though_its_agent_does_not_read_and_says_why_when_it_does()
    {
        await using var gang = new GangFixture();
        await gang.StartAsync(GangFixture.Job("ready wait:trainer steps:6000 running mark:bridge", "sh", "-c", "echo $$ > trainer; while :; do echo a line of the trainer; done"), reads: false);
        int[] processes = [await gang.ProcessIdAsync("trainer"), await gang.ProcessIdAsync("bridge")];

        await gang.Gang.TellAsync(new GangCommand.Extend(TimeProvider.System.GetTimestamp()));

        await Patience.UntilAsync(() => !processes.Any(GangFixture.IsAlive), "the end of the gang's processes");
        var last = (await gang.LastAsync()).ShouldBeOfType<GangEvent.Stopped>();
        last.LeaseEnded.ShouldBeTrue();
        last.Reason.ShouldBe("The gang of island atlanta ended itself: the control plane had not been heard for its whole lease.");
    }

    [Fact]
    public async Task Trainers_get_the_environment_of_their_run_and_of_torchrun()
    {
        await using var gang = new GangFixture();
        var job = GangFixture.Job("ready wait:env-1 wait:env-0 finished", "sh", "-c", "env > all-$RANK; mv all-$RANK env-$RANK; pwd");
        await gang.StartAsync(job with { Island = new() { Processes = 2 }, Environment = job.Environment.Add("RANK", "9").Add("MINE", "yes") });

        (await gang.LastAsync()).ShouldBeOfType<GangEvent.Finished>();

        var environment = (await gang.FileAsync("env-1")).Split('\n');
        environment.ShouldContain("RANK=1");
        environment.ShouldContain("LOCAL_RANK=1");
        environment.ShouldContain("WORLD_SIZE=2");
        environment.ShouldContain("LOCAL_WORLD_SIZE=2");
        environment.ShouldContain("MASTER_ADDR=127.0.0.1");
        environment.ShouldContain("OMP_NUM_THREADS=2");
        environment.ShouldContain("PYTHONUNBUFFERED=1");
        environment.ShouldContain("MINE=yes");
        environment.ShouldContain("SUPERFACTORY_RUN=7");
        environment.ShouldContain("SUPERFACTORY_ISLAND=atlanta");
        environment.ShouldContain($"SUPERFACTORY_OUTPUT={gang.OutputDirectory}");
        environment.ShouldContain($"SUPERFACTORY_JOB_FILE={Path.Combine(gang.GangDirectory, "job.json")}");
        environment.ShouldContain(variable => variable.StartsWith("SUPERFACTORY_BRIDGE="));
        environment.ShouldNotContain(variable => variable.StartsWith("SUPERFACTORY_CORPUS="));
        environment.Single(variable => variable.StartsWith("PYTHONPATH=")).ShouldStartWith($"PYTHONPATH={gang.PythonDirectory}");
        environment.Single(variable => variable.StartsWith("MASTER_PORT=")).ShouldBe((await gang.FileAsync("env-0")).Split('\n').Single(variable => variable.StartsWith("MASTER_PORT=")));
        (await gang.EventsAsync()).OfType<GangEvent.Log>().Count(log => log.Line.Source == "trainer" && log.Line.Text == gang.GangDirectory).ShouldBe(2);
    }

    [Fact]
    public async Task A_trainer_that_crashes_is_started_again_up_to_the_limit_and_then_the_gang_says_why_it_failed()
    {
        await using var gang = new GangFixture();
        await gang.StartAsync(GangFixture.Job("ready running step:17", "sh", "-c", "echo x >> starts; echo 'ValueError: boom' >&2; exit 3"));

        var last = (await gang.LastAsync()).ShouldBeOfType<GangEvent.Failed>();

        last.Reason.ShouldBe("The trainer of island atlanta ended with exit code 3 at step 17: ValueError: boom. It had been started again 2 times, as often as the job allows.");
        last.Retriable.ShouldBeFalse();
        (await gang.FileAsync("starts")).Split('\n').Length.ShouldBe(3);
        (await gang.EventsAsync()).OfType<GangEvent.Restarted>().Select(restarted => restarted.Restarts).ShouldBe([1, 2]);
        (await gang.FileAsync(ScriptedBridge.Heard)).Split('\n').ShouldBe(["{\"type\":\"trainer-lost\"}", "{\"type\":\"trainer-lost\"}"]);
    }

    [Fact]
    public async Task A_trainer_that_is_killed_takes_the_other_processes_of_its_island_with_it_and_all_start_again()
    {
        await using var gang = new GangFixture();
        var job = GangFixture.Job(
            "ready running wait:again-1 wait:again-0 finished",
            "sh", "-c", "if [ -e first-$RANK ]; then kill -0 $(cat first-0 child-0 child-1) && echo left > again-$RANK || echo gone > again-$RANK; exit 0; fi; "
                + "sleep 1000 & echo $! > child-$RANK; echo $$ > first-$RANK; wait");
        await gang.StartAsync(job with { Island = new() { Processes = 2 } });
        var (victim, other) = (await gang.ProcessIdAsync("first-1"), await gang.ProcessIdAsync("first-0"));
        var children = new[] { await gang.ProcessIdAsync("child-0"), await gang.ProcessIdAsync("child-1") };

        Native.Signal(victim, Native.SignalKill).ShouldBeTrue();

        (await gang.LastAsync()).ShouldBeOfType<GangEvent.Finished>();
        GangFixture.IsAlive(other).ShouldBeFalse();
        children.ShouldAllBe(child => !GangFixture.IsAlive(child));
        (await gang.FileAsync("again-0")).ShouldBe("gone");
        (await gang.EventsAsync()).OfType<GangEvent.Log>().ShouldContain(log => log.Line.Text.StartsWith("Trainer 1 of island atlanta was ended by SIGKILL"));
    }

    [Fact]
    public async Task A_supervisor_that_is_killed_leaves_no_descendant_and_the_gang_may_be_tried_again()
    {
        await using var gang = new GangFixture();
        await gang.StartAsync(GangFixture.Job("ready running", "sh", "-c", Escape));
        int[] left = [await gang.ProcessIdAsync("trainer"), await gang.ProcessIdAsync("child"), await gang.ProcessIdAsync("escaped")];
        left.ShouldAllBe(process => GangFixture.IsAlive(process));

        Native.Signal(gang.SupervisorId, Native.SignalKill).ShouldBeTrue();

        var last = (await gang.LastAsync()).ShouldBeOfType<GangEvent.Failed>();
        last.Retriable.ShouldBeTrue();
        last.Reason.ShouldStartWith("The supervisor of island atlanta was ended by SIGKILL");
        left.ShouldAllBe(process => !GangFixture.IsAlive(process));
        Directory.Exists(gang.RuntimeDirectory).ShouldBeFalse();
    }

    [Fact]
    public async Task A_gang_that_is_stopped_lets_its_trainers_tidy_up_and_tells_its_bridge()
    {
        await using var gang = new GangFixture();
        await gang.StartAsync(GangFixture.Job("ready running", "sh", "-c", "trap 'echo tidy > tidy; exit 0' TERM; echo up > up; while :; do sleep 0.05; done"));
        await gang.FileAsync("up");

        await gang.Gang.StopAsync();

        (await gang.LastAsync()).ShouldBeOfType<GangEvent.Stopped>();
        (await gang.FileAsync("tidy")).ShouldBe("tidy");
        (await gang.FileAsync(ScriptedBridge.Heard)).ShouldBe("{\"type\":\"stop\"}");
    }

    [Fact]
    public async Task A_trainer_that_will_not_end_when_asked_is_made_to()
    {
        await using var gang = new GangFixture();
        await gang.StartAsync(GangFixture.Job("ready running", "sh", "-c", "trap '' TERM; echo $$ > up; while :; do sleep 0.05; done"));
        var trainer = await gang.ProcessIdAsync("up");

        await gang.Gang.StopAsync();

        (await gang.LastAsync()).ShouldBeOfType<GangEvent.Stopped>();
        GangFixture.IsAlive(trainer).ShouldBeFalse();
    }

    [Fact]
    public async Task A_new_epoch_is_passed_on_to_the_bridge()
    {
        await using var gang = new GangFixture();
        await gang.StartAsync(GangFixture.Job("ready running wait:" + ScriptedBridge.Heard + " finished", "sh", "-c", "while ! [ -e " + ScriptedBridge.Heard + " ]; do sleep 0.05; done"));

        await gang.Gang.TellAsync(new GangCommand.EpochDecided(GangFixture.Epoch(2)));

        (await gang.LastAsync()).ShouldBeOfType<GangEvent.Finished>();
        (await gang.FileAsync(ScriptedBridge.Heard)).ShouldStartWith("{\"type\":\"epoch\",\"epoch\":{\"number\":2");
    }

    [Fact]
    public async Task A_bridge_that_dies_ends_the_gang_which_may_be_tried_again()
    {
        await using var gang = new GangFixture();
        await gang.StartAsync(GangFixture.Job("ready running step:5 wait:up crash", "sh", "-c", "echo $$ > up; exec sleep 1000"));

        var last = (await gang.LastAsync()).ShouldBeOfType<GangEvent.Failed>();

        last.Reason.ShouldBe("The bridge of island atlanta ended with exit code 41 at step 5: the arena is too small.");
        last.Retriable.ShouldBeTrue();
        GangFixture.IsAlive(await gang.ProcessIdAsync("up")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_trainer_that_its_bridge_refuses_fails_the_gang_with_the_bridges_own_sentence()
    {
        await using var gang = new GangFixture();
        await gang.StartAsync(GangFixture.Job("ready wait:joined refuse", "sh", "-c", "echo joined > joined; exit 1"));

        (await gang.LastAsync()).ShouldBe(new GangEvent.Failed("atlanta registers no parameters.", Retriable: false));
    }

    [Fact]
    public async Task A_program_that_does_not_exist_fails_the_gang_by_name()
    {
        await using var gang = new GangFixture();
        await gang.StartAsync(GangFixture.Job("ready", "no-such-program"));

        (await gang.LastAsync()).ShouldBe(new GangEvent.Failed("The trainers of island atlanta cannot be started: There is no program 'no-such-program' at this site.", Retriable: false));
    }

    [Fact]
    public async Task A_python_that_does_not_exist_fails_the_gang_and_says_what_to_set()
    {
        await using var gang = new GangFixture();
        await gang.StartAsync(GangFixture.Job("ready", "python3", "train.py"), python: "/no/such/python");

        var last = (await gang.LastAsync()).ShouldBeOfType<GangEvent.Failed>();
        last.Reason.ShouldBe("The trainers of island atlanta cannot be started: There is no Python at '/no/such/python'. Set SUPERFACTORY_PYTHON to the Python that has torch.");
        last.Retriable.ShouldBeFalse();
    }

    [Fact]
    public async Task Lines_are_cut_at_their_longest_and_a_flood_of_them_is_dropped_and_counted()
    {
        await using var gang = new GangFixture();
        await gang.StartAsync(GangFixture.Job(
            "print ready wait:written finished",
            "sh", "-c", "head -c 10000 /dev/zero | tr '\\0' x; echo; seq 1 100000; echo written > written"));

        (await gang.LastAsync()).ShouldBeOfType<GangEvent.Finished>();

        var lines = (await gang.EventsAsync()).OfType<GangEvent.Log>().Select(log => log.Line).ToList();
        lines.ShouldContain(line => line.Source == "bridge" && line.Text == "a library's own words");
        lines.First(line => line.Source == "trainer").Text.ShouldBe(new string('x', 4095) + "…");
        lines.Count.ShouldBeLessThan(100_000);
        lines.ShouldContain(line => line.Text.Contains("lines were dropped"));
    }
}
