using Superfactory.Site.Tests.Data;

namespace Superfactory.Site.Tests;

public sealed class SiteDirectoryTests
{
    [Fact]
    public void Two_agents_cannot_hold_one_site_directory_and_the_second_is_told_who_does()
    {
        using var state = new TemporaryDirectory();
        using var first = SiteDirectory.Open(state.Root, "atlanta", "session").Value.ShouldNotBeNull();

        var second = SiteDirectory.Open(state.Root, "atlanta", "session");
        using var other = SiteDirectory.Open(state.Root, "wisconsin", "session").Value.ShouldNotBeNull();

        second.Problems.ShouldHaveSingleItem().Message.ShouldBe($"Another agent, process {Environment.ProcessId}, runs site 'atlanta' in {first.Root}.");
    }

    [Fact]
    public void A_state_directory_of_a_newer_version_is_refused_with_both_versions()
    {
        using var state = new TemporaryDirectory();
        File.WriteAllText(Path.Combine(state.Root, "VERSION"), "2\n");

        var opened = SiteDirectory.Open(state.Root, "atlanta", "session");

        opened.Problems.ShouldHaveSingleItem().Message.ShouldBe("The state directory has version 2; this program reads up to version 1.");
        Directory.Exists(Path.Combine(state.Root, "sites")).ShouldBeFalse();
    }

    [Fact]
    public void A_new_state_directory_says_its_version()
    {
        using var state = new TemporaryDirectory();
        using var opened = SiteDirectory.Open(state.Root, "atlanta", "session").Value.ShouldNotBeNull();

        File.ReadAllText(Path.Combine(state.Root, "VERSION")).ShouldBe("1\n");
        Directory.GetFiles(state.Root).Length.ShouldBe(1);
    }

    [Fact]
    public void An_agent_knows_whether_the_one_before_it_died()
    {
        using var state = new TemporaryDirectory();
        using (var first = SiteDirectory.Open(state.Root, "atlanta", "session").Value.ShouldNotBeNull())
        {
            first.PreviousDied.ShouldBeFalse();
        }

        using (var second = SiteDirectory.Open(state.Root, "atlanta", "another").Value.ShouldNotBeNull())
        {
            second.PreviousDied.ShouldBeTrue();
            second.Session.ShouldBe("session");
            second.Leave();
        }

        using var third = SiteDirectory.Open(state.Root, "atlanta", "third").Value.ShouldNotBeNull();
        third.PreviousDied.ShouldBeFalse();
        third.Session.ShouldBe("third");
    }

    [Fact]
    public void Only_the_newest_directories_of_ended_gangs_are_kept()
    {
        using var state = new TemporaryDirectory();
        using var site = SiteDirectory.Open(state.Root, "atlanta", "session").Value.ShouldNotBeNull();
        for (var job = 1; job <= SiteDirectory.EndedGangsMax + 3; job++)
        {
            var gang = Directory.CreateDirectory(Path.Combine(site.Gangs, $"{job}-1"));
            gang.LastWriteTimeUtc = DateTime.UnixEpoch.AddDays(job);
        }

        site.Trim(new HashSet<string>());

        Directory.GetDirectories(site.Gangs).Length.ShouldBe(SiteDirectory.EndedGangsMax);
        Directory.Exists(Path.Combine(site.Gangs, "3-1")).ShouldBeFalse();
        Directory.Exists(Path.Combine(site.Gangs, "4-1")).ShouldBeTrue();
    }
}
