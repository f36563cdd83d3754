import { createApp } from "vue";
import "./room.css";
import Room from "./Room.vue";

createApp(Room).mount("#room");
